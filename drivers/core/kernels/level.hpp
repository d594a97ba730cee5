#pragma once

// The kernels: what the daemon computes most, as plain numbers. Pointers and sizes, no memory of
// their own, no state, no errors: what a pointer must point to is stated, and not checked.
//
// The library is built once for each level of x86-64 and the loader takes the best that the machine
// has (glibc-hwcaps), so that no binary mixes code of several instruction sets. On one level each
// function is deterministic: what it computes for a sample, a row or a parameter is a fixed
// sequence of operations, which depends neither on how many others are computed along with it nor
// on its place among them. Levels differ from each other by rounding.
//
// Thread rule: any number of threads, as long as what one writes is nobody else's.
namespace phyll::kernels {

extern "C" {

/// The instruction set that the copy of the library in use is built for: "x86-64", "x86-64-v3",
/// "x86-64-v4".
__attribute__((visibility("default"))) const char* phyll_kernel_level();
}

} // namespace phyll::kernels
