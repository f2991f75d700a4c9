// backprop_examples.mjs - the words of the operations and the ready-made graphs of the stepper.
// What stands between = and ; is JSON: Python reads the same lines.

// {0}, {1} stand for the inputs, {y} for the result: "says" is the formula, "slopes" its derivative by each input.
// The numbers behind the words are in graph.mjs.
export const WORDS = {
  "add": { "sign": "+", "says": "{0} + {1}", "slopes": ["1", "1"] },
  "sub": { "sign": "−", "says": "{0} − {1}", "slopes": ["1", "−1"] },
  "mul": { "sign": "×", "says": "{0} · {1}", "slopes": ["{1}", "{0}"] },
  "div": { "sign": "÷", "says": "{0} / {1}", "slopes": ["1 / {1}", "−{0} / {1}²"] },
  "pow": { "sign": "^", "says": "{0}^{1}", "slopes": ["{1} · {0}^({1} − 1)", "{y} · log({0})"] },
  "neg": { "sign": "−", "says": "−{0}", "slopes": ["−1"] },
  "sin": { "sign": "sin", "says": "sin({0})", "slopes": ["cos({0})"] },
  "cos": { "sign": "cos", "says": "cos({0})", "slopes": ["−sin({0})"] },
  "exp": { "sign": "exp", "says": "exp({0})", "slopes": ["{y}"] },
  "log": { "sign": "log", "says": "log({0})", "slopes": ["1 / {0}"] },
  "sqrt": { "sign": "√", "says": "√({0})", "slopes": ["1 / (2 · {y})"] },
  "tanh": { "sign": "tanh", "says": "tanh({0})", "slopes": ["1 − {y}²"] },
  "sigmoid": { "sign": "σ", "says": "σ({0})", "slopes": ["{y} · (1 − {y})"] },
  "relu": { "sign": "relu", "says": "relu({0})", "slopes": ["relu′({0})"] },
  "abs": { "sign": "abs", "says": "abs({0})", "slopes": ["sign({0})"] },
  "squared_error": { "sign": "( )²", "says": "({0} − {1})²", "slopes": ["2 · ({0} − {1})", "−2 · ({0} − {1})"] },
  "cross_entropy": {
    "sign": "log loss", "says": "−{1} · log({0}) − (1 − {1}) · log(1 − {0})",
    "slopes": ["({0} − {1}) / ({0} · (1 − {0}))", "log(1 − {0}) − log({0})"]
  }
};

// leaves: [name, start value, lowest, highest]; the last two may be left out.  "data" are not trained, so nothing asks
// for their gradient.  steps: [name, operation, inputs], each after what goes into it; the last one is L.
// notes: what to see when the gradient of a node is formed.
export const EXAMPLES = [
  {
    "name": "neuron", "title": "One neuron, squared error",
    "says": "A neuron weighs two inputs, and the sigmoid bends the sum. How much does each weight matter to the error?",
    "leaves": [["w1", 0.5], ["x1", 2], ["w2", -1], ["x2", 1], ["b", 0.5], ["y", 1, 0, 1]],
    "data": ["x1", "x2", "y"],
    "steps": [["z", "linear", ["w1", "x1", "w2", "x2", "b"]], ["yhat", "sigmoid", ["z"]], ["L", "squared_error", ["yhat", "y"]]],
    "notes": { "z": "All that comes back passes through the slope of the sigmoid, which is never more than ¼." }
  },
  {
    "name": "neuron_ce", "title": "One neuron, cross-entropy",
    "says": "The same neuron and the same numbers with another loss. Watch what is left of the two slopes at z.",
    "leaves": [["w1", 0.5], ["x1", 2], ["w2", -1], ["x2", 1], ["b", 0.5], ["y", 1, 0, 1]],
    "data": ["x1", "x2", "y"],
    "steps": [["z", "linear", ["w1", "x1", "w2", "x2", "b"]], ["yhat", "sigmoid", ["z"]], ["L", "cross_entropy", ["yhat", "y"]]],
    "notes": { "z": "ŷ · (1 − ŷ) stands below the line in one factor and is the other: they cancel, and what is left is ŷ − y." }
  },
  {
    "name": "twice", "title": "A variable used twice",
    "says": "L = (a · b + a)². Two paths lead from a to L, and the gradient of a is the sum over both.",
    "leaves": [["a", 2], ["b", 3]],
    "data": [],
    "steps": [["u", "mul", ["a", "b"]], ["v", "add", ["u", "a"]], ["L", "power", ["v"], 2]],
    "notes": {}
  },
  {
    "name": "two_layer", "title": "Two layers: 1 – 2 – 1",
    "says": "Two tanh units between one input and a sigmoid. The error comes back to each of them through its own weight.",
    "leaves": [["w1", 0.5], ["x", 1], ["w2", -1], ["v1", 1.5], ["v2", 2], ["b", -0.5], ["y", 1, 0, 1]],
    "data": ["x", "y"],
    "steps": [
      ["z1", "mul", ["w1", "x"]], ["z2", "mul", ["w2", "x"]], ["h1", "tanh", ["z1"]], ["h2", "tanh", ["z2"]],
      ["z", "linear", ["v1", "h1", "v2", "h2", "b"]], ["yhat", "sigmoid", ["z"]], ["L", "squared_error", ["yhat", "y"]]
    ],
    "notes": {},
    "units": [["h1", "v1"], ["h2", "v2"]]
  },
  {
    "name": "relu_dead", "title": "A ReLU that is off",
    "says": "The input of the ReLU is negative. The error is large, and yet nothing comes back to the weight.",
    "leaves": [["w", -3], ["x", 1], ["b", 0.5], ["y", 1]],
    "data": ["x", "y"],
    "steps": [["z", "linear", ["w", "x", "b"]], ["yhat", "relu", ["z"]], ["L", "squared_error", ["yhat", "y"]]],
    "notes": {}
  }
];

// of a formula that the reader types
export const LIMITS = { "length": 80, "nodes": 15, "variables": 6, "letters": 6, "value": 1000 };
export const FUNCTIONS = ["sin", "cos", "exp", "log", "sqrt", "tanh", "sigmoid", "relu", "abs"];
// what its variables start with, in the order in which they stand in it
export const STARTS = [2, -1, 0.5, 3, -2, 1.5];
