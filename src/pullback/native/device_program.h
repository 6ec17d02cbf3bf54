// A program of another device: buffers in, a call of the device's runtime, arrays out.
#pragma once

#include <nanobind/nanobind.h>

#include <vector>

#include "device_array.h"
#include "program.h"
#include "tree.h"

namespace pullback {

class DeviceProgram : public Program {
  public:
    DeviceProgram() = default;
    ~DeviceProgram() override;
    DeviceProgram(const DeviceProgram&) = delete;
    DeviceProgram& operator=(const DeviceProgram&) = delete;

    PyObject* call(PyObject* const* leaves) const override;
    // New references in `results`, or nothing on failure.
    bool run(PyObject* const* leaves, PyObject** results) const;
    int traverse(visitproc visit, void* arg) const;
    void clear();

    PyObject* execute = nullptr;  // list of buffers -> list of buffers
    PyObject* put = nullptr;      // a value that lies elsewhere, its place -> buffer
    std::vector<size_t> kept;
    std::vector<PyObject*> places;      // where the kept leaves must lie
    std::vector<PyObject*> consts;  // buffers, passed after the kept leaves
    std::vector<ArrayType*> outs;
    std::vector<PyObject*> out_places;  // where the results lie
    std::vector<size_t> donated;
    Builder builder;
    bool committed = false;

  private:
    PyObject* buffers(PyObject* const* leaves) const;
    bool commits(PyObject* const* leaves) const;
};

}  // namespace pullback
