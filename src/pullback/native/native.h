// The files that bind through nanobind.
#pragma once

#include <nanobind/nanobind.h>

namespace pullback {

void add_device_program(nanobind::module_& m);
void add_executable(nanobind::module_& m);
void add_library(nanobind::module_& m);
void add_loader(nanobind::module_& m);
void add_runtime(nanobind::module_& m);

}  // namespace pullback
