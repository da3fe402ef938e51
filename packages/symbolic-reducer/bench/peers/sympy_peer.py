# SPDX-License-Identifier: Apache-2.0
#
# SymPy as a peer of the benchmarks, with its fastest polynomials: elements of a ring over Python's or gmpy2's integers.
# Commands and answers are those of flint.c.
import sys
import time

from sympy import ZZ
from sympy.polys.orderings import lex
from sympy.polys.rings import ring


def main():
    names = sys.argv[1:]
    made = ring(",".join(names), ZZ, lex)
    of, letters = made[0], dict(zip(names, made[1:]))
    values = {}
    result = of.zero
    for line in sys.stdin:
        words = line.split()
        spent = 0.0
        if words[0] == "set":
            with open(words[2], encoding="utf-8") as file:
                terms = file.read().strip()
            values[words[1]] = read(terms, of, names)
        elif words[0] == "run":
            left, right = values["A"], values.get("B")
            before = time.process_time()
            for _ in range(int(words[3])):
                if words[1] == "multiply":
                    result = left * right
                elif words[1] == "power":
                    result = left ** int(words[2])
                else:
                    result = left.gcd(right)
            spent = 1e3 * (time.process_time() - before)
        else:
            with open(words[1], "w", encoding="utf-8") as file:
                for exponents, coefficient in result.terms():
                    file.write(" ".join(map(str, exponents)) + f" {coefficient}\n")
        print(f"done {spent:.3f}", flush=True)


def read(text, of, names):
    """A sum of terms as the benchmark writes them: +3*x^2*y, all factors and exponents there."""
    value = {}
    for term in text.replace("-", "+-").split("+"):
        if not term:
            continue
        coefficient, exponents = 1, [0] * len(names)
        for factor in term.split("*"):
            name, _, exponent = factor.partition("^")
            if name in names:
                exponents[names.index(name)] = int(exponent or 1)
            else:
                coefficient = int(name)
        value[tuple(exponents)] = of.domain(coefficient)
    return of.from_dict(value)


main()
