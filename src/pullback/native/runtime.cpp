// What generated code calls, by name and address; and the same for Python.
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "array.h"
#include "blas_threads.h"
#include "buffer.h"
#include "callback.h"
#include "contraction.h"
#include "fourier.h"
#include "gil.h"
#include "interrupt.h"
#include "lapack.h"
#include "linalg.h"
#include "native.h"
#include "payne_hanek.h"
#include "pool.h"
#include "rows.h"
#include "sort.h"
#include "status.h"
#include "threefry.h"

namespace nb = nanobind;

namespace pullback {
namespace {

constexpr int64_t kThreefryBlock = 1 << 15;

// Steps of a loop, a status given back.
using StepsFunction = int32_t (*)(void* ctx, int64_t begin, int64_t end);

struct Counters {
    const uint32_t* keys[2];
    const uint32_t* x[2];
    uint32_t* y[2];
    bool one_key;

    static void run(void* ctx, int64_t begin, int64_t end) {
        auto& c = *static_cast<Counters*>(ctx);
        const uint32_t *x0 = c.x[0] + begin, *x1 = c.x[1] + begin;
        uint32_t *y0 = c.y[0] + begin, *y1 = c.y[1] + begin;
        if (c.one_key) {
            uint32_t key[] = {*c.keys[0], *c.keys[1]};
            threefry2x32(key, x0, x1, y0, y1, end - begin);
        } else {
            threefry2x32_keys(c.keys[0] + begin, c.keys[1] + begin, x0, x1, y0, y1, end - begin);
        }
    }
};

Ref counters(nb::handle value) {
    Ref array(PyArray_FROM_OTF(value.ptr(), NPY_UINT32, NPY_ARRAY_IN_ARRAY));
    if (!array) nb::raise_python_error();
    return array;
}

Ref like(const Ref& x) {
    ArrayType* type = type_of(x.array(), false);
    Ref made(type ? new_ndarray(type) : nullptr);
    if (type) type_drop(type);
    if (!made) nb::raise_python_error();
    return made;
}

uint32_t* data(const Ref& array) { return static_cast<uint32_t*>(PyArray_DATA(array.array())); }

// Raises what a status other than kDone stands for.
void require(int32_t status) {
    if (status == kExhausted) throw std::bad_alloc();
    if (status == kStopped) nb::raise_python_error();
}

nb::tuple threefry(nb::handle key0, nb::handle key1, nb::handle x0, nb::handle x1) {
    Ref k0 = counters(key0), k1 = counters(key1), a = counters(x0), b = counters(x1);
    bool one_key = PyArray_NDIM(k0.array()) == 0;
    if (!PyArray_SAMESHAPE(a.array(), b.array()) || !PyArray_SAMESHAPE(k0.array(), k1.array()) ||
        (!one_key && !PyArray_SAMESHAPE(k0.array(), a.array())))
        throw nb::value_error("threefry2x32: the counters' shapes differ, or the keys' do");
    Ref y0 = like(a), y1 = like(a);
    Counters job{{data(k0), data(k1)}, {data(a), data(b)}, {data(y0), data(y1)}, one_key};
    require(status_of([&] {
        parallel_for(Counters::run, &job, PyArray_SIZE(a.array()), kThreefryBlock);
    }));
    return nb::make_tuple(nb::steal(y0.release()), nb::steal(y1.release()));
}

Ref uninitialized(const std::vector<npy_intp>& shape, int kind) {
    Ref made(PyArray_SimpleNew(static_cast<int>(shape.size()),
                               const_cast<npy_intp*>(shape.data()), kind));
    if (!made) nb::raise_python_error();
    return made;
}

// The hashes of 0, 1, 2, ... under one key, as two arrays of a shape.
nb::tuple threefry_places(uint32_t k0, uint32_t k1, const std::vector<npy_intp>& shape) {
    Ref y0 = uninitialized(shape, NPY_UINT32), y1 = uninitialized(shape, NPY_UINT32);
    threefry2x32_places(k0, k1, data(y0), data(y1), PyArray_SIZE(y0.array()));
    return nb::make_tuple(nb::steal(y0.release()), nb::steal(y1.release()));
}

// M. Giles, "Approximating the erfinv function" (2010), single precision.
float inverse_erf(float x) {
    constexpr float central[] = {2.81022636e-08f, 3.43273939e-07f, -3.5233877e-06f,
                                 -4.39150654e-06f, 0.00021858087f, -0.00125372503f,
                                 -0.00417768164f, 0.246640727f, 1.50140941f};
    constexpr float tail[] = {-0.000200214257f, 0.000100950558f, 0.00134934322f,
                              -0.00367342844f, 0.00573950773f, -0.0076224613f,
                              0.00943887047f, 1.00167406f, 2.83297682f};
    // In double precision, as 1 - x^2 loses digits near the ends.
    double w = -std::log1p(-static_cast<double>(x) * x);
    bool far = w >= 5;
    if (std::isinf(w)) return x * static_cast<float>(w);
    float u = static_cast<float>(far ? std::sqrt(w) - 3 : w - 2.5), p = 0;
    for (float c : far ? tail : central) p = p * u + c;
    return p * x;
}

nb::object erf_inv(nb::handle value) {
    Ref x(PyArray_FROM_OTF(value.ptr(), NPY_FLOAT32, NPY_ARRAY_IN_ARRAY));
    if (!x) nb::raise_python_error();
    npy_intp* dims = PyArray_DIMS(x.array());
    Ref y = uninitialized({dims, dims + PyArray_NDIM(x.array())}, NPY_FLOAT32);
    auto* from = static_cast<const float*>(PyArray_DATA(x.array()));
    std::transform(from, from + PyArray_SIZE(x.array()),
                   static_cast<float*>(PyArray_DATA(y.array())), inverse_erf);
    return nb::steal(y.release());
}

std::vector<void*> addresses(nb::sequence arrays) {
    std::vector<void*> found;
    for (nb::handle array : arrays) {
        if (!PyArray_Check(array.ptr()) || !PyArray_IS_C_CONTIGUOUS(ndarray(array.ptr())))
            throw nb::type_error("sort: wants contiguous arrays");
        found.push_back(PyArray_DATA(ndarray(array.ptr())));
    }
    return found;
}

void sort_arrays(nb::sequence operands, nb::sequence out, const std::vector<int64_t>& plan) {
    std::vector<void*> from = addresses(operands), to = addresses(out);
    int32_t status;
    {
        WithoutGil gil;
        status = status_of([&] { sort(sort_of(plan.data(), from.data(), to.data())); });
    }
    require(status);
}

// Takes the routines of LAPACK and BLAS from a table of capsules by name, as SciPy exports them.
void use_lapack(nb::dict capsules) {
    void* found[kRoutines][kKinds];
    for (int r = 0; r < kRoutines; ++r)
        for (int k = 0; k < kKinds; ++k) {
            std::string name = kLetters[k] + std::string(k < 2 ? kNames[r].real : kNames[r].complex);
            nb::object capsule = capsules[name.c_str()];
            const char* type = PyCapsule_GetName(capsule.ptr());
            found[r][k] = PyCapsule_GetPointer(capsule.ptr(), type);
            if (!found[r][k]) nb::raise_python_error();
        }
    std::copy(&found[0][0], &found[0][0] + kRoutines * kKinds, &lapack_table[0][0]);
    find_blas_threads(found[0][0]);
}

// The numbers by which plans name operations on matrices.
nb::dict matrix_operations() {
    nb::dict found;
    int64_t number = 0;
    for (const char* name : kMatrixOperations) found[name] = number++;
    return found;
}

void fourier_array(nb::handle x, nb::handle out, const std::vector<int64_t>& plan) {
    if (!PyArray_Check(x.ptr()) || !PyArray_Check(out.ptr()))
        throw nb::type_error("fourier: wants arrays");
    void *from = PyArray_DATA(ndarray(x.ptr())), *to = PyArray_DATA(ndarray(out.ptr()));
    int32_t status;
    {
        WithoutGil gil;
        status = status_of([&] {
            if (!fourier(plan.data(), from, to)) throw std::bad_alloc();
        });
    }
    require(status);
}

}  // namespace

extern "C" {

static int32_t pb_parallel_for(BlockFunction fn, void* ctx, int64_t n, int64_t block) {
    return status_of([&] { parallel_for(fn, ctx, n, block); });
}
// The same of a function that may fail.
static int32_t pb_share_steps(StepsFunction fn, void* ctx, int64_t n, int64_t block) {
    return status_of([&] {
        share(n, block, [=](int64_t begin, int64_t end) { raise_status(fn(ctx, begin, end)); });
    });
}
static void pb_threefry2x32(const uint32_t* key, const uint32_t* x0, const uint32_t* x1,
                            uint32_t* y0, uint32_t* y1, int64_t n) {
    threefry2x32(key, x0, x1, y0, y1, n);
}
// Aligned to 64 bytes whatever the size; null when memory ran out.
static void* pb_alloc(int64_t bytes) {
    return buffer_alloc(bytes < 4096 ? 4096 : static_cast<size_t>(bytes));
}
static void pb_free(void* data) { buffer_free(data); }
// Not static: the library calls these two by name.
void pb_reduce_float32(const float* x, float* r, float* low, int32_t* n, int64_t count,
                       double limit, int32_t shift, int32_t quarter) {
    payne_hanek(x, r, low, n, count, limit, shift, quarter);
}
void pb_reduce_float64(const double* x, double* r, double* low, int64_t* n, int64_t count,
                       double limit, int32_t shift, int32_t quarter) {
    payne_hanek(x, r, low, n, count, limit, shift, quarter);
}
static int32_t pb_contract(const Contraction* contraction) {
    return status_of([&] { contract(*contraction); });
}
static int32_t pb_sort(const void* const* operands, void* const* out, const int64_t* plan) {
    return status_of([&] { sort(sort_of(plan, operands, out)); });
}
static int32_t pb_matrices(const void* const* in, void* const* out, const int64_t* plan) {
    return status_of([&] {
        if (!run_matrices(plan, in, out)) throw std::bad_alloc();
    });
}
static int32_t pb_fourier(const void* const* operands, void* const* out, const int64_t* plan) {
    return status_of([&] {
        if (!fourier(plan, operands[0], out[0])) throw std::bad_alloc();
    });
}
static int32_t pb_check_interrupt() { return interrupted() ? kStopped : kDone; }
}

void add_runtime(nb::module_& m) {
    m.def("symbols", [] {
        nb::dict table;
        auto add = [&](const char* name, auto* function) {
            table[name] = reinterpret_cast<uintptr_t>(function);
        };
        add("pb_callback", pb_callback);
        add("pb_parallel_for", pb_parallel_for);
        add("pb_share_steps", pb_share_steps);
        add("pb_threefry2x32", pb_threefry2x32);
        add("pb_alloc", pb_alloc);
        add("pb_free", pb_free);
        add("pb_check_interrupt", pb_check_interrupt);
        add("pb_sort", pb_sort);
        add("pb_matrices", pb_matrices);
        add("pb_contract", pb_contract);
        add("pb_fourier", pb_fourier);
        add("pb_reduce_float32", pb_reduce_float32);
        add("pb_reduce_float64", pb_reduce_float64);
        return table;
    });
    m.def("get_num_threads", num_threads);
    m.def("set_num_threads", set_num_threads, nb::call_guard<nb::gil_scoped_release>());
    m.def("erf_inv", erf_inv, nb::arg("x"));
    m.def("use_lapack", use_lapack, nb::arg("capsules"));
    m.def("matrix_operations", matrix_operations);
    m.def("threefry_places", threefry_places, nb::arg("key0"), nb::arg("key1"), nb::arg("shape"));
    m.def("threefry2x32", threefry, nb::arg("key0"), nb::arg("key1"), nb::arg("x0"),
          nb::arg("x1"));
    m.def("sort", sort_arrays, nb::arg("operands"), nb::arg("out"), nb::arg("plan"));
    m.def("fourier", fourier_array, nb::arg("x"), nb::arg("out"), nb::arg("plan"));
}

}  // namespace pullback
