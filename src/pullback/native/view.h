// Views of ndarrays for the structural operations.
#pragma once

#include "python.h"

namespace pullback {

extern PyMethodDef view_methods[];

}  // namespace pullback
