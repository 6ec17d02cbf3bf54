// Small real matrices: many side by side, each a lane of vectors, or one after the other, without
// calls. Knows nothing of Python.
#pragma once

#include "linalg.h"
#include "matrices.h"

namespace pullback {

// False where the operation, the type or the size is not one of those: nothing is done then.
bool run_small(MatrixOperation operation, const Job& job);

}  // namespace pullback
