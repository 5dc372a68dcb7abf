"""Times Chainer's functions: reads "inputs<tab>expression" lines, prints "forward both" in milliseconds, or "-" where a call fails."""
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
    low = -0.9 if kind == "g" else 0.1
    return chainer.Variable(random.uniform(low, 0.9, shape).astype("f"))


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
    return [y for y in (result if isinstance(result, (list, tuple)) else [result]) if isinstance(y, chainer.Variable)]


for line in sys.stdin:
    inputs, expression = line.rstrip("\n").split("\t")
    x = [given(text) for text in inputs.split(" ")]
    call = eval("lambda: " + expression, {"F": F, "np": np, "x": x, "chainer": chainer})

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
