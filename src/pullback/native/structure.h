// Trees as leaves and a structure, which is made once for trees of the same one.
#pragma once

#include "python.h"

namespace pullback {

// optree's own function of that name; null with an error set.
PyObject* optree_flatten();

extern PyMethodDef structure_methods[];

}  // namespace pullback
