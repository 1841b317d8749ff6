# Finds LibTorch without asking for nvcc: the headers and shared libraries are enough, because this project compiles no device code of its own.
#
# Looked up in CMAKE_PREFIX_PATH (a LibTorch archive or the `torch` folder of a Python installation), then in the folder that scripts/setup fills.
#
# Imported target   LibTorch::LibTorch
# Result variables  LibTorch_VERSION, LibTorch_CUDA (CUDA and NCCL linked), LibTorch_GLOO (headers for the CPU process group found)

find_path(LibTorch_ROOT_DIR
  NAMES include/torch/version.h include/torch/csrc/api/include/torch/version.h
  HINTS ${CMAKE_PREFIX_PATH} ENV CMAKE_PREFIX_PATH
  PATHS ${PROJECT_SOURCE_DIR}/.deps/libtorch
  PATH_SUFFIXES torch libtorch .
  NO_DEFAULT_PATH)

if(LibTorch_ROOT_DIR)
  set(_lib ${LibTorch_ROOT_DIR}/lib)
  file(STRINGS ${LibTorch_ROOT_DIR}/include/torch/headeronly/version.h _version_lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
  if(NOT _version_lines)
    file(STRINGS ${LibTorch_ROOT_DIR}/include/torch/csrc/api/include/torch/version.h _version_lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
  endif()
  string(REGEX REPLACE "[^0-9;]" "" _version_numbers "${_version_lines}")
  list(JOIN _version_numbers "." LibTorch_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch REQUIRED_VARS LibTorch_ROOT_DIR VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "run scripts/setup, or give one with -DCMAKE_PREFIX_PATH=/path/to/libtorch")

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  find_package(Threads REQUIRED)
  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  set(_includes ${LibTorch_ROOT_DIR}/include ${LibTorch_ROOT_DIR}/include/torch/csrc/api/include)
  # The wheel's libraries export parts of an older libstdc++ (std::filesystem::remove_all crashes when it is bound to them): ours must come first.
  set(_libraries stdc++ ${_lib}/libtorch.so ${_lib}/libtorch_cpu.so ${_lib}/libc10.so)
  set(_definitions "")

  # The NVIDIA wheels beside the torch wheel carry the CUDA runtime and NCCL headers; a CUDA toolkit does too.
  set(LibTorch_CUDA OFF)
  if(EXISTS ${_lib}/libtorch_cuda.so)
    set(_nvidia ${LibTorch_ROOT_DIR}/../nvidia)
    find_path(LibTorch_CUDA_INCLUDE cuda_runtime_api.h HINTS ${_nvidia}/cu13/include ${_nvidia}/cuda_runtime/include /usr/local/cuda/include)
    find_path(LibTorch_NCCL_INCLUDE nccl.h HINTS ${_nvidia}/nccl/include)
    if(LibTorch_CUDA_INCLUDE AND LibTorch_NCCL_INCLUDE)
      set(LibTorch_CUDA ON)
      list(APPEND _includes ${LibTorch_CUDA_INCLUDE} ${LibTorch_NCCL_INCLUDE})
      list(APPEND _libraries ${_lib}/libtorch_cuda.so ${_lib}/libc10_cuda.so)
      list(APPEND _definitions USE_C10D_NCCL)
      # Nothing names a symbol of the CUDA library directly, so the linker would drop it and with it the CUDA backend.
      set_property(TARGET LibTorch::LibTorch PROPERTY INTERFACE_LINK_OPTIONS "-Wl,--no-as-needed" "-Wl,--allow-shlib-undefined")
    else()
      message(STATUS "LibTorch has CUDA, but the CUDA or NCCL headers are missing: building for the CPU")
    endif()
  endif()

  # The wheel installs ProcessGroupGloo.hpp but not the gloo headers that it includes; any copy of the headers serves.
  find_path(LibTorch_GLOO_INCLUDE gloo/algorithm.h HINTS ${LibTorch_ROOT_DIR}/include)
  set(LibTorch_GLOO OFF)
  if(LibTorch_GLOO_INCLUDE)
    set(LibTorch_GLOO ON)
    list(APPEND _definitions USE_C10D_GLOO)
    if(NOT LibTorch_GLOO_INCLUDE STREQUAL "/usr/include")
      list(APPEND _includes ${LibTorch_GLOO_INCLUDE})
    endif()
  endif()

  # Searched after the system's own folders: LibTorch brings copies of fmt and protobuf headers that must not shadow the ones
  # that the distribution's spdlog and sentencepiece were built with.
  list(TRANSFORM _includes PREPEND "SHELL:-idirafter " OUTPUT_VARIABLE _include_options)
  set_target_properties(LibTorch::LibTorch PROPERTIES
    INTERFACE_COMPILE_OPTIONS "${_include_options}"
    INTERFACE_COMPILE_DEFINITIONS "${_definitions}"
    INTERFACE_LINK_LIBRARIES "${_libraries};Threads::Threads")
endif()
mark_as_advanced(LibTorch_ROOT_DIR LibTorch_CUDA_INCLUDE LibTorch_NCCL_INCLUDE LibTorch_GLOO_INCLUDE)
