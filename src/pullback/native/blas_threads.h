// The threads of SciPy's BLAS, which routines start and which then spin for work: none while a
// matrix is worked on here. Knows nothing of Python.
#pragma once

namespace pullback {

// Finds the switch of the library that this code calls: OpenBLAS's. Others are left as they are.
void find_blas_threads(void* code);

// While one lives, on any thread, routines of BLAS and LAPACK run on the thread that calls them. The
// last one puts back what was set before the first, unless somebody has set another number.
class OneBlasThread {
  public:
    OneBlasThread();
    ~OneBlasThread();
    OneBlasThread(const OneBlasThread&) = delete;
    OneBlasThread& operator=(const OneBlasThread&) = delete;
};

}  // namespace pullback
