// Operations on many row-major matrices, by plans that generated code has. Knows nothing of Python.
#pragma once

#include <cstdint>

namespace pullback {

// The primitives, by their names, and what does them for one matrix.
#define PULLBACK_MATRIX_OPERATIONS(X) \
    X(cholesky, each<Cholesky>) \
    X(cholesky_update, each_real<CholeskyUpdate>) \
    X(cofactor, each<Cofactor>) \
    X(det, each<Determinant>) \
    X(eig, each<Eig>) \
    X(eigh, each<Eigh>) \
    X(geqrf, each<Geqrf>) \
    X(hessenberg, each<Hessenberg>) \
    X(householder_product, each<HouseholderProduct>) \
    X(lu, each<Lu>) \
    X(lu_pivots_to_permutation, each_of<Order>) \
    X(lu_solve, each<LuSolve>) \
    X(ormqr, each<Ormqr>) \
    X(qr, each<Qr>) \
    X(schur, each<Schur>) \
    X(slogdet, each<LogDeterminant>) \
    X(solve, each<Solve>) \
    X(sqrtm, each<SquareRoot>) \
    X(svd, each<Svd>) \
    X(sylvester, each<Sylvester>) \
    X(triangular_solve, each<TriangularSolve>) \
    X(tridiagonal, each<Tridiagonal>) \
    X(tridiagonal_solve, each<TridiagonalSolve>)

enum class MatrixOperation : int64_t {
#define PULLBACK_NAME(name, call) name,
    PULLBACK_MATRIX_OPERATIONS(PULLBACK_NAME)
#undef PULLBACK_NAME
};

inline constexpr const char* kMatrixOperations[] = {
#define PULLBACK_NAME(name, call) #name,
    PULLBACK_MATRIX_OPERATIONS(PULLBACK_NAME)
#undef PULLBACK_NAME
};

// False when memory ran out. A plan is: the operation, then the fields of a Job (matrices.h) with
// `bytes` and `numbers` in place. Routines of LAPACK must be known (lapack.h).
bool run_matrices(const int64_t* plan, const void* const* in, void* const* out);

}  // namespace pullback
