# Finds LLVM/MLIR 22 and sets up its CMake functions; links the two shared libraries (facts: the package leaves
# MLIR_LINK_MLIR_DYLIB empty, the version file wants the minor, LLVM_DEFINITIONS is one string).
find_package(MLIR 22.1 REQUIRED CONFIG HINTS /usr/lib/llvm-22)
set(MLIR_LINK_MLIR_DYLIB ON)
set(LLVM_LINK_LLVM_DYLIB ON)
list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)
separate_arguments(TENON_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")

# Everything a target needs to include MLIR's headers and link its library.
add_library(TenonMLIR INTERFACE)
target_include_directories(TenonMLIR SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
target_compile_definitions(TenonMLIR INTERFACE ${TENON_LLVM_DEFINITIONS})
target_link_libraries(TenonMLIR INTERFACE MLIR LLVM)
