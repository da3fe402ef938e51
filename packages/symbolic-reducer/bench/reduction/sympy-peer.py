# SPDX-License-Identifier: Apache-2.0
#
# SymPy as a peer: it differentiates and evaluates, and measures its own CPU time, without its start and without reading. A line of
# input is JSON; a line of output is JSON with `ms` and the result.
import json
import sys
import time

from sympy import Rational, Symbol, cos, diff, exp, lambdify, sin
from sympy.core.cache import clear_cache

x, y = Symbol("x", real=True), Symbol("y", real=True)


def nested(depth):
    e = x
    for _ in range(depth):
        e = (e + 1) * sin(e * x) + e * cos(y)
    return e


def model(depth):
    e = x
    for _ in range(depth):
        e = exp(-e * e / 4) * sin(e + y) + e / (e * e + 1)
    return e


def main():
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["do"] == "differentiate":
            of = nested(asked["depth"])
            clear_cache()
            before = time.process_time()
            result = diff(of, x)
            ms = 1e3 * (time.process_time() - before)
            if asked.get("points"):
                values = [str(result.subs({x: Rational(a), y: Rational(b)}).evalf(30)) for a, b in asked["points"]]
                print(json.dumps({"ms": ms, "values": values}), flush=True)
            else:
                print(json.dumps({"ms": ms}), flush=True)
        else:
            e = model(asked["depth"])
            f = lambdify((x, y), [diff(e, x), diff(e, y)], modules="math", cse=True)
            count = asked["count"]
            before = time.process_time()
            total = 0.0
            for i in range(count):
                a, b = f(0.5 + i / count, 0.25)
                total += a + b
            print(json.dumps({"ms": 1e3 * (time.process_time() - before), "total": total}), flush=True)


main()
