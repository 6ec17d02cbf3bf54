// DLPack's structures, as its specification lays them out in memory (version 1.1, and before 1.0).
#pragma once

#include <cstdint>

#include "python.h"

namespace pullback {

namespace dl {

struct Device {
    int32_t type;
    int32_t id;
};
struct DataType {
    uint8_t code;
    uint8_t bits;
    uint16_t lanes;
};
struct Tensor {
    void* data;
    Device device;
    int32_t ndim;
    DataType dtype;
    int64_t* shape;
    int64_t* strides;  // in elements; null where rows lie one after the other
    uint64_t byte_offset;
};
struct Managed {
    Tensor tensor;
    void* context;
    void (*deleter)(Managed*);
};
struct Version {
    uint32_t major;
    uint32_t minor;
};
struct Versioned {
    Version version;
    void* context;
    void (*deleter)(Versioned*);
    uint64_t flags;
    Tensor tensor;
};

}  // namespace dl

extern PyMethodDef dlpack_methods[];

}  // namespace pullback
