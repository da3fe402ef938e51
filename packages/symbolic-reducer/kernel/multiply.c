/* SPDX-License-Identifier: Apache-2.0
 *
 * The product of two sparse polynomials. Monomials are split into a high part and a low part: a heap (Johnson; Monagan and Pearce)
 * over the groups of terms that share their high part gives the high parts of the product in descending order, and the products of two
 * groups are added up in a dense slab that the low part indexes. With an empty low part this is the sparse algorithm by heap,
 * with an empty high part the dense one; in between it does what is sparse by heap and what is dense without.
 *
 * Coefficients below 2^63 are added up modulo 2^64. Where sums can be larger, each is added up in a double besides, which is
 * near enough to tell the multiple of 2^64: the caller proves that before it asks for this mode.
 *
 * The caller lays out memory, fills the job and calls multiply_start, then multiply_run until done is set. No function of any library
 * is called.
 */

typedef unsigned long long u64;
typedef long long i64;
typedef unsigned int u32;
typedef unsigned char u8;

#define MAX_FIELDS 8

/* One factor. The caller gives count, words, and its coefficients as doubles or as pairs of 64-bit words; the rest is room. */
typedef struct {
  u32 count;
  const double *high_word;
  const double *low_word; /* null when monomials have one word */
  const double *doubles;  /* null when coefficients are pairs */
  const i64 *pairs;       /* the high words are only signs */
  u64 *high;              /* count: high part of each group */
  u32 *start;             /* count + 1: first term of each group */
  u32 *index;             /* count: low part of each term, its fields squeezed */
  i64 *exact;             /* count */
  double *near;           /* count, when sums can pass 2^63 */
  u32 groups;
} side;

typedef struct {
  i64 exact;
  double near;
} wide_sum;

typedef struct {
  side left;
  side right;
  u32 low_word_bits; /* bits of the low word, when there are two */
  u32 low_bits;      /* bits of the low part inside a monomial */
  u32 field_count;   /* fields of the low part */
  u32 position[MAX_FIELDS]; /* of each field inside a monomial */
  u32 shift[MAX_FIELDS];    /* inside an index */
  u32 width[MAX_FIELDS];    /* inside an index */
  u32 wide;          /* whether sums can pass 2^63 */
  u32 narrow;        /* whether all sums stay below 2^53: then no pairs are written */
  u64 *heap_key;     /* left.count + 1 */
  int *heap_head;    /* left.count + 1 */
  int *chain;        /* left.count */
  u32 *column;       /* left.count, zeros */
  u32 *pair_row;     /* left.count */
  u32 *pair_column;  /* left.count */
  void *slab;        /* a sum for each index, zeros */
  u8 *marks;         /* one for each 8 indices, rounded up to 8, zeros */
  double *out_high;  /* capacity each */
  double *out_low;
  double *out_doubles;
  i64 *out_pairs; /* 2 * capacity */
  u32 capacity;   /* at least 64 */
  /* What the caller reads. */
  u32 out_count;
  u32 out_wide; /* whether a coefficient in the output is 2^53 or more: then the pairs count */
  u32 done;
  u32 steps; /* products of this run */
  /* The state between two runs. */
  u32 heap_size;
  u32 pair_count;
  u32 pair_next;
  u32 row_next;
  u32 lowest;
  u32 highest;
  u32 flushing;
  u32 flush_word;
  u32 dense;
  u64 current;
} job;

static job the_job;

__attribute__((export_name("job_address"))) job *job_address(void) { return &the_job; }

static void split(side *s, const job *j) {
  u64 low_mask = j->low_bits >= 64 ? ~0ull : (1ull << j->low_bits) - 1;
  u32 groups = 0;
  u64 last = 0;
  for (u32 t = 0; t < s->count; t++) {
    u64 key = (u64)s->high_word[t];
    if (s->low_word) key = key << j->low_word_bits | (u64)s->low_word[t];
    u64 high = j->low_bits >= 64 ? 0 : key >> j->low_bits;
    u64 low = key & low_mask;
    u32 index = 0;
    for (u32 f = 0; f < j->field_count; f++) {
      u64 exponent = low >> j->position[f] & ((1ull << j->width[f]) - 1);
      index |= (u32)exponent << j->shift[f];
    }
    s->index[t] = index;
    if (groups == 0 || high != last) {
      s->high[groups] = high;
      s->start[groups++] = t;
      last = high;
    }
    i64 value = s->doubles ? (i64)s->doubles[t] : s->pairs[2 * t];
    s->exact[t] = value;
    if (j->wide) s->near[t] = (double)value;
  }
  s->start[groups] = s->count;
  s->groups = groups;
}

static void insert(job *j, u32 row) {
  u64 key = j->left.high[row] + j->right.high[j->column[row]];
  u64 *keys = j->heap_key;
  int *heads = j->heap_head;
  u32 end = j->heap_size + 1;
  u32 place = end;
  while (place > 1) {
    u32 parent = place >> 1;
    u64 parent_key = keys[parent];
    if (parent_key > key) break;
    if (parent_key == key) {
      j->chain[row] = heads[parent];
      heads[parent] = (int)row;
      return;
    }
    place = parent;
  }
  j->heap_size = end;
  for (u32 at = end; at > place; at >>= 1) {
    keys[at] = keys[at >> 1];
    heads[at] = heads[at >> 1];
  }
  keys[place] = key;
  heads[place] = (int)row;
  j->chain[row] = -1;
}

static void remove_first(job *j) {
  u64 *keys = j->heap_key;
  int *heads = j->heap_head;
  u32 last = j->heap_size--;
  /* Down to the end along the larger children, then the last entry up from there: it is mostly small. */
  u32 place = 1;
  u32 child = 2;
  while (child < last) {
    child += child + 1 < last && keys[child + 1] > keys[child];
    keys[place] = keys[child];
    heads[place] = heads[child];
    place = child;
    child = 2 * place;
  }
  u64 key = keys[last];
  while (place > 1 && keys[place >> 1] < key) {
    keys[place] = keys[place >> 1];
    heads[place] = heads[place >> 1];
    place >>= 1;
  }
  keys[place] = key;
  heads[place] = heads[last];
}

/* Takes the next high part of the product, and all pairs of groups that have it. */
static void take_next(job *j) {
  u64 key = j->heap_key[1];
  u32 count = 0;
  while (j->heap_size > 0 && j->heap_key[1] == key) {
    for (int row = j->heap_head[1]; row >= 0; row = j->chain[row]) {
      j->pair_row[count] = (u32)row;
      j->pair_column[count++] = j->column[row];
    }
    remove_first(j);
  }
  for (u32 p = 0; p < count; p++) {
    u32 row = j->pair_row[p];
    if (j->pair_column[p] == 0 && row + 1 < j->left.groups) insert(j, row + 1);
    if (++j->column[row] < j->right.groups) insert(j, row);
  }
  j->current = key;
  j->pair_count = count;
  j->pair_next = 0;
  j->row_next = 0;
  j->lowest = ~0u;
  j->highest = 0;
}

static void emit(job *j, u32 index, i64 exact, i64 top) {
  u64 key = j->low_bits >= 64 ? 0 : j->current << j->low_bits;
  for (u32 f = 0; f < j->field_count; f++) {
    u64 exponent = index >> j->shift[f] & ((1u << j->width[f]) - 1);
    key |= exponent << j->position[f];
  }
  u32 at = j->out_count++;
  if (j->left.low_word) {
    j->out_high[at] = (double)(key >> j->low_word_bits);
    j->out_low[at] = (double)(key & ((1ull << j->low_word_bits) - 1));
  } else {
    j->out_high[at] = (double)key;
  }
  j->out_doubles[at] = (double)exact;
  if (j->narrow) return;
  j->out_pairs[2 * at] = exact;
  j->out_pairs[2 * at + 1] = top;
  if (top != exact >> 63 || exact >= 1ll << 53 || exact <= -(1ll << 53)) j->out_wide = 1;
}

static void emit_wide(job *j, u32 index, i64 exact, double near) {
  double turns = __builtin_nearbyint((near - (double)exact) * 0x1p-64);
  if (exact == 0 && turns == 0) return;
  emit(j, index, exact, (i64)turns + (exact >> 63));
}

/* Products of single terms: no slab. */
static void sum_single(job *j) {
  const u32 *rows = j->pair_row;
  const u32 *columns = j->pair_column;
  i64 exact = 0;
  if (j->wide) {
    double near = 0;
    for (u32 p = 0; p < j->pair_count; p++) {
      exact += j->left.exact[rows[p]] * j->right.exact[columns[p]];
      near += j->left.near[rows[p]] * j->right.near[columns[p]];
    }
    emit_wide(j, 0, exact, near);
  } else {
    for (u32 p = 0; p < j->pair_count; p++) exact += j->left.exact[rows[p]] * j->right.exact[columns[p]];
    if (exact != 0) emit(j, 0, exact, exact >> 63);
  }
  j->steps += j->pair_count;
  j->pair_next = j->pair_count;
}

/* Adds up the products of one left term with a group, whose indices fall. */
static void sum_row(job *j, u32 term, u32 from, u32 to) {
  u32 offset = j->left.index[term];
  i64 factor = j->left.exact[term];
  const u32 *index = j->right.index;
  const i64 *exact = j->right.exact;
  u8 *marks = j->marks;
  u32 highest = offset + index[from];
  u32 lowest = offset + index[to - 1];
  if (highest > j->highest) j->highest = highest;
  if (lowest < j->lowest) j->lowest = lowest;
  if (j->wide) {
    wide_sum *slab = j->slab;
    const double *near = j->right.near;
    double near_factor = j->left.near[term];
    for (u32 t = from; t < to; t++) {
      u32 at = offset + index[t];
      slab[at].exact += factor * exact[t];
      slab[at].near += near_factor * near[t];
      marks[at >> 3] = 1;
    }
  } else {
    i64 *slab = j->slab;
    for (u32 t = from; t < to; t++) {
      u32 at = offset + index[t];
      slab[at] += factor * exact[t];
      marks[at >> 3] = 1;
    }
  }
}

/* Writes the slab out from its highest index down, and leaves zeros. Gives 0 when the output is full before the end. */
static int flush(job *j) {
  u64 *words = (u64 *)j->marks;
  u32 last = j->lowest >> 6;
  for (;;) {
    u32 word = j->flush_word;
    u64 marks = words[word];
    if (marks != 0) {
      if (j->out_count + 64 > j->capacity) return 0;
      words[word] = 0;
      while (marks != 0) {
        u32 byte = 7 - ((u32)__builtin_clzll(marks) >> 3);
        marks &= ~(0xffull << (8 * byte));
        u32 first = word * 64 + byte * 8;
        if (j->wide) {
          wide_sum *slab = j->slab;
          for (u32 at = first + 8; at-- > first;) {
            wide_sum sum = slab[at];
            if (sum.exact == 0 && sum.near == 0) continue;
            slab[at].exact = 0;
            slab[at].near = 0;
            emit_wide(j, at, sum.exact, sum.near);
          }
        } else {
          i64 *slab = j->slab;
          for (u32 at = first + 8; at-- > first;) {
            i64 sum = slab[at];
            if (sum == 0) continue;
            slab[at] = 0;
            emit(j, at, sum, sum >> 63);
          }
        }
      }
    }
    if (word == last) return 1;
    j->flush_word = word - 1;
  }
}

__attribute__((export_name("multiply_start"))) void multiply_start(void) {
  job *j = &the_job;
  split(&j->left, j);
  split(&j->right, j);
  j->dense = j->field_count > 0;
  j->heap_size = 0;
  j->pair_count = 0;
  j->pair_next = 0;
  j->flushing = 0;
  j->done = 0;
  insert(j, 0);
}

/* Goes on for about max_steps products, or until the output is full. */
__attribute__((export_name("multiply_run"))) void multiply_run(u32 max_steps) {
  job *j = &the_job;
  j->out_count = 0;
  j->out_wide = 0;
  j->steps = 0;
  while (j->steps < max_steps) {
    if (j->flushing) {
      if (!flush(j)) return;
      j->flushing = 0;
    }
    if (j->pair_next == j->pair_count) {
      if (j->heap_size == 0) {
        j->done = 1;
        return;
      }
      if (j->out_count == j->capacity) return;
      take_next(j);
      if (!j->dense) {
        sum_single(j);
        continue;
      }
    }
    while (j->pair_next < j->pair_count && j->steps < max_steps) {
      u32 left = j->pair_row[j->pair_next];
      u32 right = j->pair_column[j->pair_next];
      u32 from = j->right.start[right];
      u32 to = j->right.start[right + 1];
      u32 end = j->left.start[left + 1];
      u32 term = j->left.start[left] + j->row_next;
      for (; term < end && j->steps < max_steps; term++) {
        sum_row(j, term, from, to);
        j->steps += to - from;
      }
      if (term < end) {
        j->row_next = term - j->left.start[left];
      } else {
        j->row_next = 0;
        j->pair_next++;
      }
    }
    if (j->pair_next == j->pair_count) {
      j->flushing = 1;
      j->flush_word = j->highest >> 6;
    }
  }
}
