"""Times Chainer's functions: reads "inputs<tab>expression" lines, prints "forward both" in milliseconds, or "-" where a call fails or is empty."""
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import chainer
import chainer.functions as F
import numpy as np

random = np.random.RandomState(1)


def given(text):
    kind, shape = text.split(":") if ":" in text else (text[0], text[1:])
    shape = [int(size) for size in shape.split("x")]
    if kind[0] == "i":
        return random.randint(0, int(kind[1:]), shape).astype("i")
    if kind[0] == "b":
        return random.uniform(size=shape) > 0.5
    low, high = {"g": (-0.9, 0.9), "h": (1.1, 1.9)}.get(kind, (0.1, 0.9))
    array = random.uniform(low, high, shape).astype("f")
    if kind == "p":
        array = array + array.T + len(array) * np.eye(len(array), dtype="f")
    return chainer.Variable(array)


def lists(x):
    return [F.separate(y) for y in F.separate(x)]


def median(call):
    for _ in range(3):
        call()
    start, times = time.perf_counter(), []
    while len(times) < 7 or time.perf_counter() - start < 0.06:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return 1e3 * sorted(times)[len(times) // 2]


def outputs(result):
    if isinstance(result, (list, tuple)):
        return [y for part in result for y in outputs(part)]
    return [result] if isinstance(result, chainer.Variable) else []


for line in sys.stdin:
    inputs, expression = line.rstrip("\n").split("\t")
    if not expression:
        print("-", flush=True)
        continue
    x = [given(text) for text in inputs.split(" ")]
    call = eval("lambda: " + expression, {"F": F, "np": np, "x": x, "lists": lists})

    def both():
        for v in x:
            if isinstance(v, chainer.Variable):
                v.cleargrad()
        ys = [y for y in outputs(call()) if y.dtype.kind == "f" and y.creator is not None]
        for y in ys:
            y.grad = np.ones_like(y.array)
        if ys:
            chainer.backward(ys) if hasattr(chainer, "backward") and len(ys) > 1 else ys[0].backward()

    try:
        print("%.6f %.6f" % (median(call), median(both)), flush=True)
    except Exception as error:
        print("-", flush=True)
        print(expression, repr(error)[:200], file=sys.stderr)
