// matrix.mjs - the numbers of the matrix plane: a 2×2 matrix, its singular value decomposition, the way from I to A.
// The same as in dlbook/widgets/matrix_plane.py; a test compares the two.  Matrices are lists of rows.
const COS = Math.sqrt(3) / 2, SAME = 1e-12;
export const REACH = 3; // the picture shows [-3, 3] × [-3, 3]; numbers of A and x stay within
export const PRESETS = {
  identity: [[1, 0], [0, 1]], rotation: [[COS, -0.5], [0.5, COS]], scaling: [[2, 0], [0, 0.5]], shear: [[1, 1], [0, 1]],
  reflection: [[0, 1], [1, 0]], projection: [[0.8, 0.4], [0.4, 0.2]], "near-singular": [[1, 2], [0.5, 1.02]],
};
export function presetOf(A) {
  return Object.keys(PRESETS).find((name) => PRESETS[name].flat().every((v, i) => Math.abs(v - A.flat()[i]) < 1e-9)) ?? "";
}
export function apply([[a, b], [c, d]], [x, y]) { return [a * x + b * y, c * x + d * y]; }
export function multiply(A, B) {
  const [p, q] = [apply(A, [B[0][0], B[1][0]]), apply(A, [B[0][1], B[1][1]])];
  return [[p[0], q[0]], [p[1], q[1]]];
}
export function rotation(angle) { const c = Math.cos(angle), s = Math.sin(angle); return [[c, -s], [s, c]]; }
export function det([[a, b], [c, d]]) { return a * d - b * c; }

// A = U diag(s) Vᵀ.  A is the sum of a rotation, as long as q, and of a reflection, as long as r.  V is a rotation, v₁
// points to the right or straight up; V = I where s₁ = s₂, and U is a rotation where s₂ = 0.
export function decompose(A) {
  const [[a, b], [c, d]] = A, q = Math.hypot(a + d, c - b) / 2, r = Math.hypot(a - d, c + b) / 2, s1 = q + r;
  if (s1 === 0) return { U: rotation(0), s: [0, 0], V: rotation(0), rank: 0 };
  const s2 = Math.abs(det(A)) / s1, s = [s1, s2], rank = s2 > 2 * Number.EPSILON * s1 ? 2 : 1;
  if (s1 - s2 <= SAME * s1) return { U: A.map((row) => row.map((v) => v / s1)), s, V: rotation(0), rank };
  const p = Math.atan2(c + b, a - d), m = Math.atan2(c - b, a + d);
  let [x, y] = [Math.cos((p - m) / 2), Math.sin((p - m) / 2)]; // v₁
  if (x < -SAME || (x <= SAME && y < 0)) [x, y] = [-x, -y];
  const [ux, uy] = apply(A, [x, y]).map((v) => v / s1), flip = q < r && s2 > SAME * s1 ? -1 : 1;
  return { U: [[ux, -flip * uy], [uy, flip * ux]], s, V: [[x, -y], [y, x]], rank };
}
export function column(A, i) { return [A[0][i], A[1][i]]; }

// the matrix of the picture at t
export function along(A, path, t) {
  if (path === "straight") return A.map((row, i) => row.map((v, j) => (1 - t) * (i === j) + t * v));
  const { U, s, V } = decompose(A), [turn, stretch, back] = [0, 1, 2].map((k) => Math.min(1, Math.max(0, 3 * t - k)));
  const flip = det(U) < 0 ? Math.cos(Math.PI * back) : 1; // the plane is turned over like a page
  const first = rotation(turn * Math.atan2(-V[1][0], V[0][0])), last = rotation(back * Math.atan2(U[1][0], U[0][0]));
  const scale = [[1 + stretch * (s[0] - 1), 0], [0, flip * (1 + stretch * (s[1] - 1))]];
  return multiply(last, multiply(scale, first));
}
