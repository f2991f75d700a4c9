// conv_samples.mjs - the pictures and kernels of the convolution explorer, and pictures of the reader's own.
// Photographs: "china" by danielbuechele and "flower" by vultilion, both CC BY 2.0, cut, shrunk and made gray.
// The constants are JSON: dlbook/widgets/convolution_samples.py reads and writes them.
export const PRESETS = {
  "identity": {"title": "Identity", "says": "The map is the image.", "kernel": [[0, 0, 0], [0, 1, 0], [0, 0, 0]]},
  "mean": {"title": "Mean (blur)", "says": "Every cell is the mean of its window: edges and noise are smeared.", "kernel": [[0.1111111111111111, 0.1111111111111111, 0.1111111111111111], [0.1111111111111111, 0.1111111111111111, 0.1111111111111111], [0.1111111111111111, 0.1111111111111111, 0.1111111111111111]]},
  "gaussian": {"title": "Gaussian blur", "says": "A mean in which the middle counts most: a softer blur.", "kernel": [[0.0625, 0.125, 0.0625], [0.125, 0.25, 0.125], [0.0625, 0.125, 0.0625]]},
  "vertical edge": {"title": "Vertical edge", "says": "Sobel, right minus left: blue where it grows brighter to the right, orange where it grows darker, zero on even ground.", "kernel": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]},
  "horizontal edge": {"title": "Horizontal edge", "says": "Sobel, below minus above: blue where it grows brighter downwards, orange where it grows darker, zero on even ground.", "kernel": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]},
  "sharpen": {"title": "Sharpen", "says": "The pixel plus its difference from its four neighbors: edges are overdrawn, even ground stays.", "kernel": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]},
  "laplacian": {"title": "Laplacian", "says": "The four neighbors minus four times the pixel: an edge in any direction becomes a blue and an orange line.", "kernel": [[0, 1, 0], [1, -4, 1], [0, 1, 0]]},
  "learned": {"title": "Learned filter", "says": "From the first layer of a network that was trained to read digits: nobody chose these numbers.", "kernel": [[0.04, -0.22, 0.0, -0.31, -0.15], [-0.23, -0.18, -0.08, -0.29, -0.31], [-0.04, -0.17, -0.24, -0.03, -0.1], [0.18, -0.03, 0.26, 0.05, -0.01], [0.26, 0.37, 0.19, 0.42, 0.27]]}
};
export const DIGITS = ["005d910000dfaf5003f20b8004c008800580098004b01c7002e5ac00006da000", "000cd500000bg900003fg60007fgg200001gg300001gg600001gg600000bga00", "0004fc00003gfe00008d8g000016fb00018df10009gg500003dggb500003bg90", "007fd10008d6f400021dd000002fb1000001cc1000001a8000845e90007dd900", "0001b00000078000001d6220007f098005ga0g6004fgdg100003fa000002g400", "00ca000000egge0000dgfa1000bgg70000047g7000004g900054cg40009gga00", "000cd000005g800000dg300000ed000000fc720000dgdg30007gbf800019fb30", "0078dgf100774bc000008d100488ff6002bff400000g5000009f100000d50000", "009e810000ceec00009a0f40003gce20004gg20003g8ad2001f13g8000bgfb10", "00bc000002gggd0003gcae0001g1cf0000dg9f20000309b000009f40009cd300"];
export const PHOTOS = {"china": "EEFFFFFFGGGGHHHHIIIJJJKKEEFFFFFGGGryHHHIIIIJJJKKEFFFFFGGGGrAHHHIIIJJJJKKFFFFFFGGGEgnGHHIIIJJJJKKFFFFGGGGEtnjoGIIIIIJJJKKFFFGGGFywurojizGIIJJJJKKFFFAxvwzpmnnomhjwDJJJJKKFFGgggc845789aaacouHJKKKFGFn689aadfgggficexJJKKKFGGGwbcgbbdklgflnBJJJJKKFFFEo7889heeefjfoyEJJJKKFFma89beafhihhigbpqtJJJJFFveba8bbiehddhflkpFIJJJEEEp95675a9decabgfsEHHHHwAAm95886cdfhecgloszCCCCjsxe9899akkjjkklovwxyyyzlok777777ghgggegitusvBDEsc988667akiijjjlhgruqyDEpdabdjknimmlkjjihejqwCCCvwgb66a9adcedaccaifpwBBBvvf93131463555478fgmvBBBtq5431323566765afltxyxAAhd9879956ddefginsqxuvnrte9dejfkfemmlmljgfervttkj", "flower": "2322225777667777887667bc23222345555dmf45788767993333356irquEBCBvnd77656565445frCBzAzzzyyBAk854338755pABAAyyxyyAyzBAu4333a87jBBxxxwzvwxvxyBzCl333a9bxvzzzvuwtsutyzBBByd33a9cBAwvzvuoqmqrtsvvyBo44aatwxxtvsrmmjkpruwxyvq44a8wAwwvrlkegefmqpswywx859itywuxoohggleglruvuyzi58lvBzvptgjhkkmkoltvxxvo46ktvzytkkegihehlqttxvwo46dtvqvynrhfhjdhmuntwzyk66fqvutptjnghfglkltwvyub769ptxxuyrqljloiorussvt8877muqzwxossnmusvtwsAyh8877btusrknoqpttpvrstop977566ivuxttsooysqqtAyvc7774457nrspqmywrkxwrtrl66672347aiqtxworxvtzAul8667812369aenqortvprsnfeb8899122468997agjije9djlgbbaa111237a97aabaabbbgjiecbb"};

export const SIZE = 24; // pixels of a side
export const SIZES = [1, 2, 3, 4, 5]; // weights of a side
const LEVELS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", SAME = 1e-9;
const grid = (n, at) => Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => at(i, j)));
const hundredths = (v) => Math.floor(100 * v + 0.5 + 1e-5) / 100;

// ---- kernels
const CHOOSE = [[1], [1, 1], [1, 2, 1], [1, 3, 3, 1], [1, 4, 6, 4, 1]];
const SIZED = { // those that there are in every size
  identity: (n) => grid(n, (i, j) => +(i === j && i === Math.floor((n - 1) / 2))),
  mean: (n) => grid(n, () => 1 / n ** 2),
  gaussian: (n) => grid(n, (i, j) => (CHOOSE[n - 1][i] * CHOOSE[n - 1][j]) / 4 ** (n - 1)),
};
const same = (a, b) => a.length === b.length && a.flat().every((v, i) => Math.abs(v - b.flat()[i]) < SAME);
export function presetOf(kernel) {
  return Object.keys(PRESETS).find((name) => same(kernel, PRESETS[name].kernel) || (SIZED[name] && same(kernel, SIZED[name](kernel.length)))) ?? "";
}
export function resized(kernel, n) { // the same preset where it comes in that size; else cut, or with zeros around
  const name = presetOf(kernel), off = Math.floor((kernel.length - n) / 2);
  return Object.hasOwn(SIZED, name) ? SIZED[name](n) : grid(n, (i, j) => kernel[i + off]?.[j + off] ?? 0);
}

// ---- pictures
export function picture(name, digit) {
  if (Object.hasOwn(PHOTOS, name)) return grid(SIZE, (i, j) => (2 * LEVELS.indexOf(PHOTOS[name][SIZE * i + j])) / 100);
  const small = [...DIGITS[digit]].map((level) => LEVELS.indexOf(level) / 16);
  const place = (i) => Math.min(7, Math.max(0, ((i + 0.5) * 8) / SIZE - 0.5));
  return grid(SIZE, (i, j) => {
    const [y, x] = [place(i), place(j)], [r, c] = [Math.min(6, Math.floor(y)), Math.min(6, Math.floor(x))], [p, q] = [y - r, x - c];
    const row = (k) => (1 - q) * small[8 * k + c] + q * small[8 * k + c + 1];
    return hundredths((1 - p) * row(r) + p * row(r + 1));
  });
}
export function blank() { return grid(SIZE, () => 0); }

// the middle square of a picture (RGBA bytes, width × height), gray, each pixel the mean of what it covers; white where
// the picture is see-through
export function shrunk({ data, width, height }) {
  const side = Math.min(width, height), left = (width - side) / 2, top = (height - side) / 2, step = side / SIZE;
  const gray = (r, c) => {
    const k = 4 * (r * width + c), light = (0.299 * data[k] + 0.587 * data[k + 1] + 0.114 * data[k + 2]) / 255, seen = data[k + 3] / 255;
    return light * seen + 1 - seen;
  };
  const shares = (from, n) => { // [pixel, how much of it] between from and from + step
    const out = [];
    for (let k = Math.max(0, Math.floor(from)); k < Math.min(n, from + step); k++) out.push([k, Math.min(k + 1, from + step) - Math.max(k, from)]);
    return out;
  };
  return grid(SIZE, (i, j) => {
    let sum = 0;
    for (const [r, p] of shares(top + i * step, height)) for (const [c, q] of shares(left + j * step, width)) sum += p * q * gray(r, c);
    return Math.min(1, hundredths(sum / step ** 2));
  });
}
