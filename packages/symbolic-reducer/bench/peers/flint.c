/* SPDX-License-Identifier: Apache-2.0
 *
 * FLINT as a peer of the benchmarks: reads commands from its standard input, answers each with one line.
 *   set A <file> | set B <file>   a polynomial as text, all on one line
 *   run multiply|power|gcd <exponent> <times>   answers with the CPU time in milliseconds
 *   print <file>                  writes the last result: a line for each term, exponents then coefficient
 */
#include <flint/flint.h>
#include <flint/fmpz.h>
#include <flint/fmpz_mpoly.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *line_of(const char *path) {
  FILE *file = fopen(path, "r");
  if (file == NULL) exit(3);
  char *line = NULL;
  size_t room = 0;
  if (getline(&line, &room, file) < 0) exit(3);
  fclose(file);
  return line;
}

int main(int argc, char **argv) {
  slong variables = argc - 1;
  const char **names = (const char **)(argv + 1);
  fmpz_mpoly_ctx_t ctx;
  fmpz_mpoly_t a, b, c;
  char command[16], operand[4096];
  flint_set_num_threads(1);
  fmpz_mpoly_ctx_init(ctx, variables, ORD_LEX);
  fmpz_mpoly_init(a, ctx);
  fmpz_mpoly_init(b, ctx);
  fmpz_mpoly_init(c, ctx);
  while (scanf("%15s %4095s", command, operand) == 2) {
    if (strcmp(command, "set") == 0) {
      char path[4096];
      if (scanf("%4095s", path) != 1) return 2;
      char *text = line_of(path);
      if (fmpz_mpoly_set_str_pretty(*operand == 'A' ? a : b, text, names, ctx) != 0) return 4;
      free(text);
      printf("done 0\n");
    } else if (strcmp(command, "run") == 0) {
      unsigned long exponent;
      long times;
      if (scanf("%lu %ld", &exponent, &times) != 2) return 2;
      clock_t before = clock();
      for (long time = 0; time < times; time++) {
        /* A new result each time, as on the other side. */
        fmpz_mpoly_clear(c, ctx);
        fmpz_mpoly_init(c, ctx);
        if (strcmp(operand, "multiply") == 0) fmpz_mpoly_mul(c, a, b, ctx);
        else if (strcmp(operand, "power") == 0) fmpz_mpoly_pow_ui(c, a, exponent, ctx);
        else if (!fmpz_mpoly_gcd(c, a, b, ctx)) return 5;
      }
      printf("done %.3f\n", 1e3 * (double)(clock() - before) / CLOCKS_PER_SEC);
    } else {
      FILE *file = fopen(operand, "w");
      if (file == NULL) return 3;
      slong length = fmpz_mpoly_length(c, ctx);
      ulong *exponents = flint_malloc((size_t)variables * sizeof(ulong));
      fmpz_t coefficient;
      fmpz_init(coefficient);
      for (slong term = 0; term < length; term++) {
        fmpz_mpoly_get_term_exp_ui(exponents, c, term, ctx);
        for (slong variable = 0; variable < variables; variable++) fprintf(file, "%lu ", exponents[variable]);
        fmpz_mpoly_get_term_coeff_fmpz(coefficient, c, term, ctx);
        fmpz_fprint(file, coefficient);
        fputc('\n', file);
      }
      fclose(file);
      printf("done 0\n");
    }
    fflush(stdout);
  }
  return 0;
}
