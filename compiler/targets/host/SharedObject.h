//===- SharedObject.h - an object file to a shared object -------------------===//
//
// Owns linking (lld, in this process) and the rule of what host code may import. Does not own loading it.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <vector>

namespace tenon::host {

/// An error that names every symbol which `object` imports besides memcpy and memset.
llvm::Error checkImports(llvm::ArrayRef<char> object);

/// Links one object file. The result holds no name of any file. Thread-safe: lld runs one link at a time.
llvm::Expected<std::vector<char>> linkSharedObject(llvm::ArrayRef<char> object);

} // namespace tenon::host
