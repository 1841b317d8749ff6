#include "support/device_backend.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/autocast_mode.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/util/Backtrace.h>
#include <torch/cuda.h>
#include <torch/library.h>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace midillama::testing_support {
namespace {

constexpr c10::DeviceType kType = c10::DeviceType::PrivateUse1;
const c10::Device kDevice(kType, 0);

std::atomic<std::int64_t> waits = 0;
thread_local bool in_kernel = false;

// ---- memory ----

// Some pages at two addresses: a closed one that tensors have, and an open one for kernels.
class Pages {
 public:
  explicit Pages(std::size_t bytes) : bytes_(bytes) {
    open_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    TORCH_CHECK(open_ != MAP_FAILED, "the strict device has no memory for ", bytes_, " bytes");
    std::memset(open_, 0xff, bytes_);
    closed_ = mremap(open_, 0, bytes_, MREMAP_MAYMOVE);  // of shared memory with length 0: the same pages once more
    TORCH_CHECK(closed_ != MAP_FAILED && mprotect(closed_, bytes_, PROT_NONE) == 0, "the strict device's memory cannot be closed");
    const std::lock_guard lock(mutex());
    all().emplace(closed_, this);
  }
  ~Pages() {
    const std::lock_guard lock(mutex());
    all().erase(closed_);
    munmap(closed_, bytes_);
    munmap(open_, bytes_);
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  void* closed() const { return closed_; }
  void* opened(const void* address) const {
    return static_cast<char*>(open_) + (static_cast<const char*>(address) - static_cast<const char*>(closed_));
  }

  // Called by the signal handler: never waits.
  static bool include(const void* address) {
    const std::unique_lock lock(mutex(), std::try_to_lock);
    if (!lock) return false;
    const auto after = all().upper_bound(address);
    if (after == all().begin()) return false;
    const Pages& pages = *std::prev(after)->second;
    return static_cast<const char*>(address) < static_cast<const char*>(pages.closed_) + pages.bytes_;
  }

 private:
  static std::map<const void*, Pages*>& all() {
    static auto& pages = *new std::map<const void*, Pages*>;  // outlives the last tensor
    return pages;
  }
  static std::mutex& mutex() {
    static auto& mutex = *new std::mutex;
    return mutex;
  }

  std::size_t bytes_;
  void* open_;
  void* closed_;
};

struct StrictAllocator final : c10::Allocator {
  c10::DataPtr allocate(std::size_t bytes) override {
    if (bytes == 0) return {nullptr, kDevice};
    auto* pages = new Pages(bytes);
    return {pages->closed(), pages, &free, kDevice};
  }
  void copy_data(void*, const void*, std::size_t) const override { TORCH_CHECK(false, "the strict device does not copy raw memory"); }
  static void free(void* pages) { delete static_cast<Pages*>(pages); }
};

StrictAllocator allocator;

struct sigaction earlier_action;

// Returning runs the instruction again, which then ends the process as it would have without this handler. That a backtrace takes memory
// does no harm: none of it is the device's.
void on_fault(int, siginfo_t* info, void*) {
  if (Pages::include(info->si_addr)) {
    const std::string message = "\nthe host touched memory of the strict device, here:\n" + c10::get_backtrace(2) + '\n';
    if (write(STDERR_FILENO, message.data(), message.size()) < 0) std::abort();
  }
  sigaction(SIGSEGV, &earlier_action, nullptr);
}

void watch_faults() {
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &action, &earlier_action);
}

// The tensor as kernels see it: the same memory, on the processor.
at::Tensor opened(const at::Tensor& tensor) {
  if (!tensor.is_privateuseone()) return tensor;
  const auto options = at::TensorOptions(at::kCPU).dtype(tensor.dtype());
  if (tensor.numel() == 0) return at::empty_strided(tensor.sizes(), tensor.strides(), options);
  const auto* pages = static_cast<const Pages*>(tensor.storage().data_ptr().get_context());
  return at::from_blob(pages->opened(tensor.const_data_ptr()), tensor.sizes(), tensor.strides(), options);
}

// ---- the rule of one device ----

// CUDA takes one operand from the host where it is a scalar: in the operations that run element by element, and as the value of the
// filling ones. A number of the program (x * 2) is such a scalar too.
bool takes_host_scalar(const c10::OperatorHandle& op) {
  const std::string& name = op.schema().name();
  return op.hasTag(at::Tag::pointwise) || name.find("fill") != std::string::npos || name.find("index_put") != std::string::npos;
}

// Indices of x[indices] may lie on the host: CUDA fetches them. index_select, gather, scatter and embedding make no such exception.
bool takes_host_indices(const c10::OperatorHandle& op, const c10::Argument& argument) {
  const std::string& name = op.schema().name();
  return argument.name() == "indices" && (name == "aten::index" || name.find("index_put") != std::string::npos);
}

class DeviceCheck {
 public:
  explicit DeviceCheck(const c10::OperatorHandle& op) : op_(op) {}

  void operator()(const c10::Argument& argument, const at::Tensor& tensor) {
    if (!tensor.defined() || tensor.is_privateuseone() || takes_host_indices(op_, argument)) return;
    const bool is_scalar = tensor.is_cpu() && tensor.dim() == 0 && !is_written(argument);
    if (is_scalar && (tensor.unsafeGetTensorImpl()->is_wrapped_number() || (takes_host_scalar(op_) && host_scalars_++ == 0))) return;
    TORCH_CHECK(false, "Expected all tensors to be on the same device, but the argument ", argument.name(), " of ", op_.schema().name(),
                " is on ", tensor.device(), ", different from others on ", kDevice);
  }

 private:
  static bool is_written(const c10::Argument& argument) { return argument.alias_info() != nullptr && argument.alias_info()->isWrite(); }

  const c10::OperatorHandle& op_;
  int host_scalars_ = 0;
};

template <typename Visit>
void visit_tensors(const c10::OperatorHandle& op, at::ArrayRef<c10::IValue> values, Visit&& visit) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const c10::Argument& argument = op.schema().arguments()[i];
    if (values[i].isTensor()) {
      visit(argument, values[i].toTensor());
    } else if (values[i].isTensorList()) {
      for (const at::Tensor& tensor : values[i].toTensorVector()) visit(argument, tensor);
    } else if (values[i].isOptionalTensorList()) {
      for (const auto& tensor : values[i].toOptionalTensorVector()) visit(argument, tensor.value_or(at::Tensor()));
    }
  }
}

// ---- random numbers ----

struct StrictGenerator final : c10::GeneratorImpl {
  StrictGenerator() : GeneratorImpl(kDevice, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1)) {}

  void set_current_seed(std::uint64_t seed) override { draws.set_current_seed(seed); }
  void set_offset(std::uint64_t offset) override { draws.set_offset(offset); }
  std::uint64_t get_offset() const override { return draws.get_offset(); }
  std::uint64_t current_seed() const override { return draws.current_seed(); }
  std::uint64_t seed() override { return draws.seed(); }
  void set_state(const c10::TensorImpl& state) override { draws.unsafeGetGeneratorImpl()->set_state(state); }
  c10::intrusive_ptr<c10::TensorImpl> get_state() const override { return draws.unsafeGetGeneratorImpl()->get_state(); }
  StrictGenerator* clone_impl() const override {
    auto* copy = new StrictGenerator;
    copy->draws = draws.clone();
    return copy;
  }

  at::Generator draws = at::detail::createCPUGenerator();
};

const at::Generator& default_generator() {
  static const at::Generator generator = at::make_generator<StrictGenerator>();
  return generator;
}

// The one that the processor's kernels draw from where `generator` is asked for.
at::Generator draws_of(const c10::IValue& generator) {
  return (generator.isNone() ? default_generator() : generator.toGenerator()).get<StrictGenerator>()->draws;
}

// ---- kernels ----

// Whether the host must wait for values to know what comes out.
bool waits_for_values(const c10::OperatorHandle& op, at::ArrayRef<c10::IValue> values) {
  if (!op.hasTag(at::Tag::dynamic_output_shape) && !op.hasTag(at::Tag::data_dependent_output)) return false;
  if (op.schema().name() != "aten::index") return true;
  bool by_mask = false;
  visit_tensors(op, values, [&](const c10::Argument& argument, const at::Tensor& tensor) {
    by_mask = by_mask || (argument.name() == "indices" && tensor.defined() && tensor.scalar_type() == at::kBool);
  });
  return by_mask;
}

class InKernel {
 public:
  InKernel() : earlier_(std::exchange(in_kernel, true)) {}
  ~InKernel() { in_kernel = earlier_; }

 private:
  bool earlier_;
};

// Every operation that has no kernel below: the processor's kernel on copies, the results on the device.
void run_on_processor(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const auto& arguments = op.schema().arguments();
  const std::size_t begin = stack->size() - arguments.size();
  const auto values = at::ArrayRef<c10::IValue>(*stack).slice(begin);
  visit_tensors(op, values, DeviceCheck(op));
  if (!in_kernel && waits_for_values(op, values)) ++waits;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].name() == "generator") (*stack)[begin + i] = draws_of((*stack)[begin + i]);
  }
  const InKernel guard;
  at::native::cpu_fallback(op, stack, /*error_on_views=*/true);
  // Where the first operand was a scalar of the host, its results are there still.
  for (std::size_t i = stack->size() - op.schema().returns().size(); i < stack->size(); ++i) {
    c10::IValue& result = (*stack)[i];
    if (result.isTensor() && result.toTensor().defined()) result = result.toTensor().to(kDevice);
  }
}

at::Tensor empty(at::IntArrayRef size, std::optional<at::ScalarType> dtype, std::optional<at::Layout>, std::optional<at::Device>,
                 std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(size, &allocator, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1), c10::dtype_or_default(dtype),
                                   format);
}

at::Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
                         std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(size, stride, &allocator, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                           c10::dtype_or_default(dtype));
}

at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool) {
  if (to.is_cpu() && !in_kernel) ++waits;
  opened(to).copy_(opened(from));
  return to;
}

at::Tensor copy_from_and_resize(const at::Tensor& from, const at::Tensor& to) {
  if (to.sizes() != from.sizes()) {
    TORCH_CHECK(to.is_privateuseone() && to.storage_offset() == 0, "only a whole tensor of the strict device takes another size");
    const std::size_t bytes = from.numel() * to.itemsize();
    c10::StorageImpl* storage = to.storage().unsafeGetStorageImpl();
    storage->set_data_ptr_noswap(allocator.allocate(bytes));
    storage->set_nbytes(bytes);
    to.unsafeGetTensorImpl()->set_sizes_contiguous(from.sizes());
  }
  return copy_from(from, to, false);
}

// Convolutions of a device that is none of LibTorch's own come here, forward and backward, and not to the fallback.
at::Tensor convolution(const at::Tensor& input, const at::Tensor& weight, const std::optional<at::Tensor>& bias, at::IntArrayRef stride,
                       at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed, at::IntArrayRef output_padding,
                       std::int64_t groups) {
  const auto opened_bias = bias && bias->defined() ? std::optional(opened(*bias)) : std::nullopt;
  return at::convolution(opened(input), opened(weight), opened_bias, stride, padding, dilation, transposed, output_padding, groups)
      .to(kDevice);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_backward(const at::Tensor& gradient, const at::Tensor& input,
                                                                    const at::Tensor& weight, at::IntArrayRef stride,
                                                                    at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
                                                                    at::IntArrayRef output_padding, std::int64_t groups,
                                                                    std::array<bool, 3> wanted) {
  const auto on_device = [](const at::Tensor& tensor) { return tensor.defined() ? tensor.to(kDevice) : tensor; };
  const auto [to_input, to_weight, to_bias] =
      at::convolution_backward(opened(gradient), opened(input), opened(weight), weight.size(0), stride, padding, dilation, transposed,
                               output_padding, groups, wanted);
  return {on_device(to_input), on_device(to_weight), on_device(to_bias)};
}

at::Scalar value_of(const at::Tensor& tensor) {
  if (!in_kernel) ++waits;
  return opened(tensor).item();
}

// A parameter may be moved to the device and back (torch::nn::Module::to).
bool may_take_the_others_place(const at::Tensor& self, const at::Tensor& from) {
  const auto is_strict_or_plain = [](const at::Tensor& tensor) {
    return tensor.is_privateuseone() || (tensor.is_cpu() && tensor.layout() == at::kStrided);
  };
  return (is_strict_or_plain(self) && is_strict_or_plain(from)) ||
         self.unsafeGetTensorImpl()->has_compatible_shallow_copy_type(from.key_set());
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&run_on_processor>());
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  library.impl("empty.memory_format", empty);
  library.impl("empty_strided", empty_strided);
  library.impl("as_strided", at::native::as_strided_tensorimpl);
  library.impl("view", at::native::view);
  library.impl("_reshape_alias", at::native::_reshape_alias);
  library.impl("unfold", at::native::unfold);
  library.impl("_copy_from", copy_from);
  library.impl("_copy_from_and_resize", copy_from_and_resize);
  library.impl("_local_scalar_dense", value_of);
  library.impl("convolution_overrideable", convolution);
  library.impl("convolution_backward_overrideable", convolution_backward);
  library.impl("_has_compatible_shallow_copy_type", may_take_the_others_place);
}

TORCH_LIBRARY_IMPL(aten, CPU, library) {
  library.impl("_has_compatible_shallow_copy_type", may_take_the_others_place);
}

// ---- one device with one stream, on which everything is done when a call returns ----

const c10::Stream kStream(c10::Stream::DEFAULT, kDevice);

struct StrictGuard final : c10::impl::NoOpDeviceGuardImpl<kType> {
  c10::Device exchangeDevice(c10::Device) const override { return kDevice; }
  c10::Device getDevice() const override { return kDevice; }
  c10::Stream getStream(c10::Device) const noexcept override { return kStream; }
  c10::Stream getDefaultStream(c10::Device) const override { return kStream; }
  c10::Stream exchangeStream(c10::Stream) const noexcept override { return kStream; }
  void record(void**, const c10::Stream&, c10::DeviceIndex, c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
};

C10_REGISTER_GUARD_IMPL(PrivateUse1, StrictGuard)

struct StrictHooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return 1; }
  c10::DeviceIndex getCurrentDevice() const override { return 0; }
  const at::Generator& getDefaultGenerator(c10::DeviceIndex) const override { return default_generator(); }
  at::Generator getNewGenerator(c10::DeviceIndex) const override { return at::make_generator<StrictGenerator>(); }
};

struct SkipsDeviceSuites final : testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo& test) override {
    std::string_view name = test.test_suite_name();
    name.remove_prefix(name.rfind('/') + 1);
    if (name.starts_with("Device") || name.starts_with("StrictDevice")) GTEST_SKIP() << "the GPU is this process's accelerator";
  }
};

// Before the program's first backward pass, which starts a thread for every device that is known then.
const bool is_registered = [] {
  if (torch::cuda::is_available()) {
    testing::UnitTest::GetInstance()->listeners().Append(new SkipsDeviceSuites);
    return false;
  }
  c10::register_privateuse1_backend(kStrictDevice);
  c10::SetAllocator(kType, &allocator);
  at::RegisterPrivateUse1HooksInterface(new StrictHooks);
  watch_faults();
  return true;
}();

}  // namespace

const char* const kStrictDevice = "strict";

c10::Device strict_device() {
  return kDevice;
}

std::int64_t host_waits() {
  return waits;
}

}  // namespace midillama::testing_support

// Mixed precision by CUDA's lists of operations; their macros expect this namespace.
namespace at::autocast {
namespace {

TORCH_LIBRARY_IMPL(_, AutocastPrivateUse1, library) {
  library.fallback(torch::CppFunction::makeFallthrough());
}

#define IN_LOWER_PRECISION(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, lower_precision_fp)
#define IN_FLOAT32(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, fp32)
#define TO_FLOAT32(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, fp32_set_opt_dtype)
#define PROMOTED(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, promote)

TORCH_LIBRARY_IMPL(aten, AutocastPrivateUse1, m) {
  AT_FORALL_LOWER_PRECISION_FP(IN_LOWER_PRECISION)
  AT_FORALL_FP32(IN_FLOAT32)
  AT_FORALL_FP32_SET_OPT_DTYPE(TO_FLOAT32)
  AT_FORALL_DIFFERENT_REDISPATCH_SIGNATURE(KERNEL_DIFFERENT_REDISPATCH_SIGNATURE_PRIVATEUSEONE)
  AT_FORALL_PROMOTE(PROMOTED)
}

}  // namespace
}  // namespace at::autocast
