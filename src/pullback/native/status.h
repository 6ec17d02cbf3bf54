// How compiled code ends, and what the runtime's functions give back to it: a program that gets a
// status other than kDone returns it at once. Inside the runtime the same are exceptions.
#pragma once

#include <cstdint>
#include <new>

namespace pullback {

enum Status : int32_t { kDone = 0, kFailed = 1, kExhausted = 2, kStopped = 3 };

// Somebody wants the program to end.
struct Stopped {};

// What f throws, as a status: no exception crosses generated code.
template <typename F>
int32_t status_of(F f) {
    try {
        f();
        return kDone;
    } catch (const std::bad_alloc&) {
        return kExhausted;
    } catch (const Stopped&) {
        return kStopped;
    }
}

// The way back. What failed with Python's error does not come here.
inline void raise_status(int32_t status) {
    if (status == kExhausted) throw std::bad_alloc();
    if (status != kDone) throw Stopped();
}

}  // namespace pullback
