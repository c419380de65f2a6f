#!/usr/bin/env python3
# Writes Coefficients.h: minimax polynomials (Remez exchange on a grid, weighted for relative error) and split constants
# for f32 and f64. Needs mpmath. Run it only to change a table: python3 gen_coefficients.py > Coefficients.h
import struct, sys
from mpmath import mp, mpf, matrix, lu_solve, exp, expm1, log, log1p, sin, cos, tan, atan, asin, atanh, erf, erfc, sqrt, cbrt, pi, cos as mcos

mp.prec = 180

def f32(x):
    # Through double: the double rounding does not matter for coefficients.
    return mpf(struct.unpack('f', struct.pack('f', float(x)))[0])

def f64(x):
    return mpf(float(x))

def remez(f, w, lo, hi, degree):
    """Minimax polynomial p with max |w (p - f)| on [lo, hi]; lowest coefficient first."""
    n = degree + 2
    lo, hi = mpf(lo), mpf(hi)
    count = 40 * n
    grid = [(lo + hi) / 2 - (hi - lo) / 2 * mcos(pi * i / count) for i in range(count + 1)]
    fs = [f(x) for x in grid]
    ws = [abs(w(x)) for x in grid]
    picks = [round(i * count / (n - 1)) for i in range(n)]
    best = None
    for _ in range(30):
        a = matrix(n, n)
        b = matrix(n, 1)
        for r, i in enumerate(picks):
            weight = ws[i] if ws[i] != 0 else mpf('1e-30')
            for c in range(degree + 1):
                a[r, c] = grid[i] ** c
            a[r, n - 1] = (-1) ** r / weight
            b[r] = fs[i]
        s = lu_solve(a, b)
        coefs = [s[i] for i in range(degree + 1)]
        err = []
        for x, y, weight in zip(grid, fs, ws):
            p = mpf(0)
            for c in reversed(coefs):
                p = p * x + c
            err.append(weight * (p - y))
        worst = max(abs(e) for e in err)
        if best is None or worst < best[0]:
            best = (worst, coefs)
        # One extremum for every run of one sign.
        runs = []
        for i, e in enumerate(err):
            if not runs or (e > 0) != (err[runs[-1]] > 0):
                runs.append(i)
            elif abs(e) > abs(err[runs[-1]]):
                runs[-1] = i
        while len(runs) > n:
            if len(runs) == n + 1:
                runs.pop(0 if abs(err[runs[0]]) < abs(err[runs[-1]]) else -1)
            else:
                k = min(range(len(runs)), key=lambda j: abs(err[runs[j]]))
                runs.pop(k)
                if 0 < k < len(runs):
                    runs.pop(k if abs(err[runs[k]]) < abs(err[runs[k - 1]]) else k - 1)
        if len(runs) < n or runs == picks:
            break
        picks = runs
    return best

def table(name, f, w, lo, hi, degrees, note):
    for kind, degree in zip(('32', '64'), degrees):
        if degree is None:
            continue
        l = lo[kind] if isinstance(lo, dict) else lo
        h = hi[kind] if isinstance(hi, dict) else hi
        worst, coefs = remez(f, w, l, h, degree)
        bits = float(log(worst) / log(2))
        rnd = f32 if kind == '32' else f64
        print(f'// {note}; degree {degree}, error 2^{bits:.1f}')
        body = ', '.join(float(rnd(c)).hex() for c in coefs)
        print(f'inline constexpr double {name}{kind}[] = {{{body}}};')
        print(f'{name}{kind} 2^{bits:.1f}', file=sys.stderr)

def split(value, bits):
    """The leading `bits` bits of value, and the rest."""
    m, e = mp.frexp(value)
    hi = mp.ldexp(mp.floor(mp.ldexp(m, bits)), e - bits)
    return hi, value - hi

def constant(name, value, hibits):
    for kind, rnd in (('32', f32), ('64', f64)):
        if hibits:
            hi, lo = split(value, hibits[kind])
            hi = rnd(hi)
        else:
            hi = rnd(value)
            lo = value - hi
        print(f'inline constexpr double {name}{kind}[] = {{{float(hi).hex()}, {float(rnd(lo)).hex()}}};')

print('''//===- Coefficients.h - tables of the math functions -------------------------===//
//
// Written by gen_coefficients.py. Owns the polynomial coefficients (lowest first; a bound is the error relative to the
// whole function) and the constants split in a high and a low part. Does not own their use: MathFunctions.cpp.
//
//===------------------------------------------------------------------------===//
#pragma once

#include <cstdint>

namespace tenon::coefficients {
// clang-format off
''')
half = log(mpf(2)) / 2 * mpf('1.002')
tiny = mpf('1e-12')
def series(f, limit):
    # f cancels near 0: evaluate with more digits there.
    def g(x):
        with mp.workprec(500):
            return f(x if abs(x) > limit else (mpf(limit) if x >= 0 else -mpf(limit)))
    return g
L = mpf('1e-20')
table('expQ', series(lambda r: (exp(r) - 1 - r) / r**2, L), lambda r: abs(r) + mpf('1e-25'), -half, half, (5, 10), '(e^r - 1 - r) / r^2')
table('expFastQ', series(lambda r: (exp(r) - 1 - r) / r**2, L), lambda r: r**2 / exp(r) + mpf('1e-25'), -half, half, (4, 9), '(e^r - 1 - r) / r^2, for e^r')
table('expWideQ', series(lambda r: (exp(r) - 1 - r) / r**2, L), lambda r: r**2 / exp(r) + mpf('1e-25'), -half, 2 * half, (5, None), '(e^r - 1 - r) / r^2 up to ln2, for e^r')
table('exp2Q', series(lambda r: (exp(r * log(mpf(2))) - 1) / r, L), lambda r: abs(r) / exp(r * log(mpf(2))) + mpf('1e-25'), mpf('-0.501'), mpf('0.501'), (5, 10), '(2^r - 1) / r')
r2 = sqrt(mpf(2))
table('logP', series(lambda f: (log1p(f) - f + f * f / 2) / f**3, L), lambda f: f * f + mpf('1e-25'), r2 / 2 - 1 - mpf('1e-5'), r2 - 1 + mpf('1e-5'), (8, None), '(log(1+f) - f + f^2/2) / f^3')
def logq(z):
    s = sqrt(z)
    return (2 * atanh(s) / s - 2 - 2 * z / 3) / z**2
table('logQ', series(logq, L), lambda z: z**2 / 2 + mpf('1e-25'), 0, mpf('0.02945'), (2, 6), '(2 atanh(s)/s - 2 - 2/3 z) / z^2, z = s^2')
q = (pi / 4 * mpf('1.0001'))**2
table('sinP', series(lambda z: (sin(sqrt(z)) / sqrt(z) - 1) / z, L), lambda z: z + mpf('1e-25'), 0, q, (2, 5), '(sin t - t) / t^3 in z = t^2')
table('cosP', series(lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2, L), lambda z: z**2 + mpf('1e-25'), 0, q, (2, 5), '(cos t - 1 + z/2) / z^2, z = t^2')
table('atanP', series(lambda z: (atan(sqrt(z)) / sqrt(z) - 1) / z, L), lambda z: z + mpf('1e-25'), 0, (sqrt(mpf(2)) - 1)**2 * mpf('1.001'), (4, 10), '(atan t - t) / t^3 in z = t^2')
table('asinP', series(lambda z: (asin(sqrt(z)) / sqrt(z) - 1) / z, L), lambda z: z + mpf('1e-25'), 0, mpf('0.2501'), (4, 12), '(asin t - t) / t^3 in z = t^2')
table('erfP', series(lambda z: erf(sqrt(z)) / sqrt(z) - 1, L), lambda z: 1, 0, 1, (6, 13), '(erf(x) - x) / x in z = x^2, x <= 1')
table('erfL', lambda a: log(erfc(a)), erfc, 1, {'32': mpf('4'), '64': mpf('6')}, (7, 19), 'log(erfc(x)), absolute error of 1 - exp')
def erfcx(t):
    a = 4 * (1 + t) / (1 - t)
    return exp(a * a) * erfc(a) * (1 + 2 * a)
def terfc(a):
    a = mpf(a)
    return (a - 4) / (a + 4)
table('erfcxP', erfcx, lambda t: 1, -1, {'32': terfc('10.2'), '64': terfc('27.4')}, (11, 24), '(1 + 2x) e^(x^2) erfc(x) in (x-4)/(x+4)')
table('cbrtP', cbrt, lambda m: 1, 1, 2, (3, 4), 'cube root on [1, 2]')
print()
print('// Split constants: the first has trailing zeros, so that its product with a small integer is exact.')
ln2 = log(mpf(2))
constant('ln2', ln2, {'32': 15, '64': 41})
print('// Double-word constants.')
constant('invLn2', 1 / ln2, None)
constant('invLn10', 1 / log(mpf(10)), None)
constant('halfPi', pi / 2, None)
constant('quarterPi', pi / 4, None)
constant('threeQuarterPi', 3 * pi / 4, None)
constant('pi', pi, None)
constant('twoThirds', mpf(2) / 3, None)
print()
print('// 2/pi as a bit stream that begins with a word and 2 bits of zeros: see Trigonometry.cpp.')
with mp.workprec(1600):
    for kind, words, wb, zero in (('32', 8, 32, 34), ('64', 20, 64, 66)):
        v = mp.floor(mp.ldexp(2 / pi, words * wb - zero))
        v = int(v)
        out = [(v >> (wb * (words - 1 - i))) & ((1 << wb) - 1) for i in range(words)]
        print(f'inline constexpr uint64_t twoOverPi{kind}[] = {{' + ', '.join(hex(o) for o in out) + '};')
print('''
// clang-format on
} // namespace tenon::coefficients''')
