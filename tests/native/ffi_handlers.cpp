// Handlers of XLA's foreign function interface, for the tests of `ffi`.
#include <cstdint>
#include <memory>
#include <string_view>

#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

// y = scale * x + shifts[0] + extra.by; an error where the word is "refuse".
static ffi::Error affine(ffi::Buffer<ffi::F32> x, double scale, std::string_view word,
                         ffi::Span<const int32_t> shifts, ffi::Dictionary extra,
                         ffi::ResultBuffer<ffi::F32> y) {
  if (word == "refuse") return ffi::Error::InvalidArgument("the word is refuse");
  auto by = extra.get<int64_t>("by");
  if (by.has_error()) return ffi::Error::Internal("no by");
  for (size_t i = 0; i < x.element_count(); ++i)
    y->typed_data()[i] = float(scale) * x.typed_data()[i] + shifts[0] + float(*by);
  return ffi::Error::Success();
}
XLA_FFI_DEFINE_HANDLER_SYMBOL(Affine, affine,
                              ffi::Ffi::Bind()
                                  .Arg<ffi::Buffer<ffi::F32>>()
                                  .Attr<double>("scale")
                                  .Attr<std::string_view>("word")
                                  .Attr<ffi::Span<const int32_t>>("shifts")
                                  .Attr<ffi::Dictionary>("extra")
                                  .Ret<ffi::Buffer<ffi::F32>>());

// Sums of rows, by tasks over memory that the call asks for; also the number of the axes.
static ffi::Error rows(ffi::ScratchAllocator memory, ffi::ThreadPool pool, ffi::AnyBuffer x,
                       ffi::Result<ffi::AnyBuffer> y, ffi::ResultBufferR0<ffi::S32> rank) {
  auto dims = x.dimensions();
  int64_t n = dims.back(), m = x.element_count() / (n ? n : 1);
  auto space = memory.Allocate(m * sizeof(double), 64);
  if (!space.has_value() || reinterpret_cast<uintptr_t>(*space) % 64)
    return ffi::Error::Internal("memory");
  double* sums = static_cast<double*>(*space);
  double* from = x.typed_data<double>();
  for (int64_t i = 0; i < m; ++i)
    pool.Schedule([=] {
      sums[i] = 0;
      for (int64_t j = 0; j < n; ++j) sums[i] += from[i * n + j];
    });
  if (pool.num_threads() != 1) return ffi::Error::Internal("threads");
  for (int64_t i = 0; i < m; ++i) y->typed_data<double>()[i] = sums[i];
  *rank->typed_data() = int32_t(dims.size());
  return ffi::Error::Success();
}
XLA_FFI_DEFINE_HANDLER_SYMBOL(Rows, rows,
                              ffi::Ffi::Bind()
                                  .Ctx<ffi::ScratchAllocator>()
                                  .Ctx<ffi::ThreadPool>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Ret<ffi::AnyBuffer>()
                                  .Ret<ffi::BufferR0<ffi::S32>>());

// How often it was called, which its state knows; it begins at the attribute.
struct Count {
  static ffi::TypeId id;
  static ffi::TypeInfo info;
  int64_t value;
};
ffi::TypeId Count::id = {};
ffi::TypeInfo Count::info = ffi::MakeTypeInfo<Count>();
extern "C" void* count_id() { return &Count::id; }
extern "C" void* count_info() { return &Count::info; }

static ffi::ErrorOr<std::unique_ptr<Count>> begin(int64_t start) {
  return std::make_unique<Count>(Count{start});
}
XLA_FFI_DEFINE_HANDLER_SYMBOL(Begin, begin,
                              ffi::Ffi::BindInstantiate().Attr<int64_t>("start"));

static ffi::Error count(Count* state, int64_t, ffi::ResultBufferR0<ffi::S32> y) {
  *y->typed_data() = int32_t(state->value++);
  return ffi::Error::Success();
}
XLA_FFI_DEFINE_HANDLER_SYMBOL(Counted, count,
                              ffi::Ffi::Bind()
                                  .Ctx<ffi::State<Count>>()
                                  .Attr<int64_t>("start")
                                  .Ret<ffi::BufferR0<ffi::S32>>());

// A result that comes by a future; an error where the attribute says so.
static ffi::Future later(bool fails, ffi::ResultBufferR0<ffi::PRED> y) {
  ffi::Promise promise;
  ffi::Future future(promise);
  *y->typed_data() = true;
  if (fails)
    promise.SetError(ffi::Error::Internal("too late"));
  else
    promise.SetAvailable();
  return future;
}
XLA_FFI_DEFINE_HANDLER_SYMBOL(Later, later,
                              ffi::Ffi::Bind().Attr<bool>("fails").Ret<ffi::BufferR0<ffi::PRED>>());
