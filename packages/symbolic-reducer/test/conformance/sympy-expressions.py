# Reads cases as JSON, one a line, and answers each with a line: "equal", "different: ...", or "undefined".
import json, sys
from sympy import sympify, Rational, diff, Symbol, N, zoo, nan, oo

def value(expression, point):
    result = expression.subs(point)
    return result

def answer(case):
    names = {name: Symbol(name, real=True) for name in case["names"]}
    names["ceil"] = sympify("ceiling")
    original = sympify(case["original"], locals=names, rational=True)
    result = sympify(case["result"], locals=names, rational=True)
    if case.get("derivative"):
        original = diff(original, names[case["derivative"]])
    compared = 0
    for point in case["points"]:
        at = {names[name]: Rational(text) for name, text in point.items()}
        a, b = original.subs(at), result.subs(at)
        if any(x.has(zoo, nan, oo) for x in (a, b)):
            continue
        if a.is_Rational and b.is_Rational:
            if a != b:
                return "different at %s: %s and %s" % (point, a, b)
        else:
            a, b = N(a, 60), N(b, 60)
            if not (a.is_real and b.is_real):
                continue
            if abs(a - b) > (abs(a) + abs(b) + Rational(1, 10**40)) * Rational(1, 10**30):
                return "different at %s: %s and %s" % (point, a, b)
        compared += 1
    return "equal" if compared > 0 else "undefined"

for line in sys.stdin:
    try:
        print(answer(json.loads(line)))
    except ZeroDivisionError:
        print("undefined")
