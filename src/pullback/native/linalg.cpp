#include "linalg.h"

#include "blas_threads.h"
#include "equations.h"
#include "reflections.h"
#include "small.h"
#include "spectra.h"

namespace pullback {

void* lapack_table[kRoutines][kKinds];

bool run_matrices(const int64_t* plan, const void* const* in, void* const* out) {
    auto operation = static_cast<MatrixOperation>(plan[0]);
    Job job{plan[1], plan[2], plan[3], plan[4], plan[5], plan + 6, nullptr, in, out};
    job.numbers = job.bytes + job.operands + job.results;
    if (run_small(operation, job)) return true;
    OneBlasThread alone;
    switch (operation) {
#define PULLBACK_CASE(name, call) \
    case MatrixOperation::name: return call(job);
        PULLBACK_MATRIX_OPERATIONS(PULLBACK_CASE)
#undef PULLBACK_CASE
    }
    return false;
}

}  // namespace pullback
