// Random numbers as a function of their place: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as
// 1, 2, 3", 2011). `random/philox.rs` defines the stream W[0], W[1], ... of a seed and how its words become numbers; these
// functions follow it word for word. `element` is the operation's offset plus the element's row-major index.
#pragma once

namespace chainer {

struct Words { uint32 word[4]; };

// The words W[4 * counter] ... W[4 * counter + 3].
__device__ inline Words philox(uint64 seed, uint64 counter) {
    uint32 key0 = (uint32)seed, key1 = (uint32)(seed >> 32);
    uint32 c0 = (uint32)counter, c1 = (uint32)(counter >> 32), c2 = 0, c3 = 0;
    for (int round = 0; round < 10; ++round) {
        const uint32 low0 = 0xd2511f53u * c0, high0 = __umulhi(0xd2511f53u, c0);
        const uint32 low1 = 0xcd9e8d57u * c2, high1 = __umulhi(0xcd9e8d57u, c2);
        c0 = high1 ^ c1 ^ key0;
        c1 = low1;
        c2 = high0 ^ c3 ^ key1;
        c3 = low0;
        key0 += 0x9e3779b9u;
        key1 += 0xbb67ae85u;
    }
    return Words{{c0, c1, c2, c3}};
}

__device__ inline uint32 word_of(uint64 seed, uint64 element) { return philox(seed, element / 4).word[element % 4]; }

__device__ inline uint64 top_53_bits(uint32 low, uint32 high) { return ((uint64)high << 32 | low) >> 11; }

// Uniform in [0, 1), exact in the type of the result.
__device__ inline float uniform_float32(uint64 seed, uint64 element) {
    return (float)(word_of(seed, element) >> 8) * (1.0f / (1 << 24));
}
__device__ inline float uniform_float16(uint64 seed, uint64 element) {
    return (float)(word_of(seed, element) >> 21) * (1.0f / (1 << 11));
}
__device__ inline float uniform_bfloat16(uint64 seed, uint64 element) {
    return (float)(word_of(seed, element) >> 24) * (1.0f / (1 << 8));
}
__device__ inline double uniform_float64(uint64 seed, uint64 element) {
    const Words words = philox(seed, element / 2);
    const bool second = element % 2;
    return (double)top_53_bits(words.word[second ? 2 : 0], words.word[second ? 3 : 1]) * (1.0 / (1ll << 53));
}

// Standard normal (Box and Muller): the elements 2p and 2p + 1 share two uniform numbers, the first in (0, 1].
__device__ inline float normal_float32(uint64 seed, uint64 element) {
    const Words words = philox(seed, element / 4);
    const bool second = element / 2 % 2;
    const float u = (float)((words.word[second ? 2 : 0] >> 8) + 1) * (1.0f / (1 << 24));
    const float v = (float)(words.word[second ? 3 : 1] >> 8) * (1.0f / (1 << 24));
    const float radius = sqrtf(-2.0f * logf(u));
    return radius * (element % 2 == 0 ? cospif(2.0f * v) : sinpif(2.0f * v));
}
__device__ inline double normal_float64(uint64 seed, uint64 element) {
    const Words words = philox(seed, element / 2);
    const double u = (double)(top_53_bits(words.word[0], words.word[1]) + 1) * (1.0 / (1ll << 53));
    const double v = (double)top_53_bits(words.word[2], words.word[3]) * (1.0 / (1ll << 53));
    const double radius = sqrt(-2.0 * log(u));
    return radius * (element % 2 == 0 ? cospi(2.0 * v) : sinpi(2.0 * v));
}

}  // namespace chainer
