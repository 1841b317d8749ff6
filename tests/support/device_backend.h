// A device for tests of the GPU path on a machine without a GPU: the processor computes, but the rules are a GPU's.
//
//  - The host may not touch the device's memory: its pages are closed (PROT_NONE), and a host that reads or writes there dies with a
//    message and a backtrace. Kernels reach the same pages by another address.
//  - Operands must lie on one device, with the exceptions that CUDA makes.
//  - Fresh memory holds no numbers (every byte 0xff: NaN in each floating type, -1 as an integer).
//  - Its random draws come from a generator of its own, which torch::manual_seed seeds like the processor's.
//
// LibTorch has one accelerator a process. Where there is a GPU this device is not registered, and the suites named Device… and
// StrictDevice… are skipped; those named Cuda… take their place.
//
// What it cannot show: streams and what runs beside the host, CUDA's own kernels and their rounding, NCCL, CUDA graphs.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>

namespace midillama::testing_support {

// What LibTorch and run.device call it.
extern const char* const kStrictDevice;

// Its one device.
c10::Device strict_device();

// How often the host has waited for the device so far: values and tensors that came from it, and operations whose result's shape depends
// on values (nonzero, an index by a mask). None of them can be captured as a CUDA graph.
std::int64_t host_waits();

}  // namespace midillama::testing_support
