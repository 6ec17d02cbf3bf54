// Many short rows sorted side by side: the same comparisons in each lane, as in Batcher, "Sorting
// networks and their applications" (1968).
#pragma once

#include <cstdint>

namespace pullback {

// A place of as many rows as there are lanes: keys, or keys with their places.
struct alignas(64) Lanes32 {
    static constexpr int64_t count = 16;
    uint32_t key[count];
};
struct alignas(64) Lanes64 {
    static constexpr int64_t count = 8;
    uint64_t key[count];
};
struct alignas(64) LanesPair {
    static constexpr int64_t count = 8;
    uint64_t key[count], place[count];
};

// The n places in order, each lane by itself; x has one more, for what it holds meanwhile. Pairs are
// ordered by key alone.
void network_sort(Lanes32* x, int64_t n);
void network_sort(Lanes64* x, int64_t n);
void network_sort(LanesPair* x, int64_t n);

// Rows of keys, `pitch` apart, to places, and back.
void to_lanes(const uint32_t* rows, int64_t pitch, Lanes32* x, int64_t n);
void to_lanes(const uint64_t* rows, int64_t pitch, Lanes64* x, int64_t n);
void to_lanes(const uint64_t* rows, int64_t pitch, LanesPair* x, int64_t n);
void from_lanes(const Lanes32* x, int64_t n, uint32_t* rows, int64_t pitch);
void from_lanes(const Lanes64* x, int64_t n, uint64_t* rows, int64_t pitch);

}  // namespace pullback
