//===- Arguments.cpp - what an operator is run on ---------------------------===//
//
// Owns the choice of an instance and the binding of sizes. What does not agree is left to the launch, whose checks
// are the operator's own.
//
//===------------------------------------------------------------------------===//
#include "tenon-run/Arguments.h"

#include "npy/Npy.h"
#include "package/Expressions.h"
#include "tenon-run/Values.h"

#include <algorithm>
#include <charconv>
#include <unistd.h>

namespace tenon {

using package::DType;
using package::ParamKind;

bool parseSizes(const std::string &text, Request &request, std::string &error) {
  size_t at = 0;
  auto fail = [&] {
    error = "--shape=" + text + ": character " + std::to_string(at + 1) + ": wanted sizes like b=[2, 5],d=4096";
    return false;
  };
  auto skip = [&] {
    while (at < text.size() && text[at] == ' ')
      ++at;
  };
  auto number = [&](int64_t &value) {
    skip();
    auto [stop, failure] = std::from_chars(text.data() + at, text.data() + text.size(), value);
    if (failure != std::errc() || value < 0)
      return false;
    at = static_cast<size_t>(stop - text.data());
    skip();
    return true;
  };
  while (true) {
    skip();
    size_t equals = text.find('=', at);
    if (equals == std::string::npos || equals == at)
      return fail();
    std::string name = text.substr(at, equals - at);
    at = equals + 1;
    std::vector<int64_t> extents;
    int64_t value = 0;
    skip();
    bool pack = at < text.size() && text[at] == '[';
    if (pack) {
      ++at;
      skip();
      while (at < text.size() && text[at] != ']') {
        if (!number(value))
          return fail();
        extents.push_back(value);
        if (at < text.size() && text[at] == ',')
          ++at;
        else if (at >= text.size() || text[at] != ']')
          return fail();
      }
      if (at >= text.size())
        return fail();
      ++at;
      skip();
    } else {
      if (!number(value))
        return fail();
      extents.push_back(value);
    }
    request.sizes[name] = extents;
    request.isPack[name] = pack;
    if (at == text.size())
      return true;
    if (text[at] != ',')
      return fail();
    ++at;
  }
}

namespace {

/// Prepares one call. Its methods are the steps in order.
class Preparation {
public:
  Preparation(const PackageFile &file, const Request &request, Call &call, std::string &error)
      : package(file.get()), request(request), call(call), error(error) {}

  bool run() { return chooseOperator() && readInputs() && chooseInstance() && bindSizes() && fillMissing(); }

private:
  bool fail(const std::string &what) {
    error = what;
    return false;
  }

  bool chooseOperator() {
    std::string names;
    for (const package::Operator *candidate : *package.operators()) {
      names += (names.empty() ? "" : ", ") + candidate->name()->str();
      if (request.op.empty() || candidate->name()->str() == request.op)
        op = candidate;
    }
    if (!op)
      return fail("no operator is called " + request.op + "; there are: " + names);
    if (request.op.empty() && package.operators()->size() > 1)
      return fail("the package has several operators, say which with --op: " + names);
    call.op = op->name()->str();
    if (op->instances()->size() == 0)
      return fail("operator " + call.op + " has no instance");
    // The parameters' names and kinds are the same in all instances; so the first one tells which inputs are known.
    const auto *params = op->instances()->Get(0)->params();
    for (const auto &[name, value] : request.inputs) {
      bool known = false;
      std::string all;
      for (const package::Param *param : *params) {
        if (param->is_result())
          continue;
        known |= param->name()->str() == name;
        all += (all.empty() ? "" : ", ") + param->name()->str();
      }
      if (!known)
        return fail("operator " + call.op + " has no input " + name + "; its inputs: " + (all.empty() ? "none" : all));
    }
    return true;
  }

  bool readInputs() {
    for (const package::Param *param : *op->instances()->Get(0)->params()) {
      auto given = request.inputs.find(param->name()->str());
      if (given == request.inputs.end() || param->kind() != ParamKind::Tensor)
        continue;
      // A tensor of no dimensions may be given as a number.
      bool scalar = !param->dims() || param->dims()->size() == 0;
      if (scalar && !given->second.ends_with(".npy"))
        continue;
      if (!npy::read(given->second, arrays[given->first], error))
        return false;
    }
    return true;
  }

  /// Whether the instance takes the inputs' types and those that --type names.
  bool fits(const package::Instance &candidate, std::string &why) {
    for (const auto &[name, type] : request.types) {
      const auto *names = op->type_variables();
      for (uint32_t i = 0; names && candidate.types() && i < names->size() && i < candidate.types()->size(); ++i) {
        DType have = static_cast<DType>(candidate.types()->Get(i));
        if (names->Get(i)->str() == name && typeName(have) != type) {
          why = name + " is " + typeName(have) + ", not " + type;
          return false;
        }
      }
    }
    for (const package::Param *param : *candidate.params()) {
      auto array = arrays.find(param->name()->str());
      if (array == arrays.end() || npyType(param->dtype()) == array->second.type)
        continue;
      why =
          param->name()->str() + " is " + typeName(param->dtype()) + ", its file has " + npy::name(array->second.type);
      return false;
    }
    return true;
  }

  bool chooseInstance() {
    for (const auto &[name, type] : request.types) {
      bool known = false;
      for (uint32_t i = 0; op->type_variables() && i < op->type_variables()->size(); ++i)
        known |= op->type_variables()->Get(i)->str() == name;
      DType ignored;
      if (!known)
        return fail("operator " + call.op + " has no type variable " + name);
      if (!typeOfName(type, ignored))
        return fail("--type " + name + "=" + type + ": no such type");
    }
    std::string reasons;
    for (const package::Instance *candidate : *op->instances()) {
      std::string why;
      if (fits(*candidate, why)) {
        instance = candidate;
        call.types = instanceTypes(*op, *instance);
        return true;
      }
      std::string types = instanceTypes(*op, *candidate);
      reasons += "\n  " + (types.empty() ? "" : types + ": ") + why;
    }
    return fail("no instance of " + call.op + " takes these types:" + reasons);
  }

  std::string symbolName(uint32_t index) const {
    const auto *all = instance->symbols();
    return all && index < all->size() ? all->Get(index)->name()->str() : "?";
  }

  /// Sizes from --shape, from inputs' shapes, and from size parameters. A size given twice keeps the input's.
  bool bindSizes() {
    for (const auto &[name, extents] : request.sizes) {
      bool found = false, pack = false;
      for (uint32_t i = 0; instance->symbols() && i < instance->symbols()->size(); ++i)
        if (symbolName(i) == name) {
          found = true;
          pack = instance->symbols()->Get(i)->kind() == package::SymbolKind::Pack;
        }
      if (!found)
        return fail("--shape: operator " + call.op + " has no size " + name);
      if (pack != request.isPack.at(name))
        return fail("--shape: " + name +
                    (pack ? " is a pack, give it as " + name + "=[2, 3]" : " is one size, give it as " + name + "=4"));
      if (pack)
        packs[name] = extents;
      else
        sizes[name] = extents[0];
    }
    for (const package::Param *param : *instance->params()) {
      auto array = arrays.find(param->name()->str());
      if (param->is_result() || !param->dims() || array == arrays.end())
        continue;
      const std::vector<int64_t> &shape = array->second.shape;
      size_t fixed = 0;
      bool hasPack = false;
      for (const package::Dim *dim : *param->dims())
        dim->kind() == package::DimKind::Pack ? void(hasPack = true) : void(++fixed);
      if (shape.size() < fixed || (!hasPack && shape.size() != fixed))
        continue; // The launch says what is wrong with it.
      size_t at = 0;
      for (const package::Dim *dim : *param->dims()) {
        if (dim->kind() == package::DimKind::Pack) {
          size_t count = shape.size() - fixed;
          packs[symbolName(dim->value())].assign(shape.begin() + static_cast<ptrdiff_t>(at),
                                                 shape.begin() + static_cast<ptrdiff_t>(at + count));
          at += count;
          continue;
        }
        if (dim->kind() == package::DimKind::Bind)
          sizes[symbolName(dim->value())] = shape[at];
        ++at;
      }
    }
    // In an expression a pack is the product of its dimensions.
    for (const auto &[name, extents] : packs) {
      int64_t product = 1;
      for (int64_t extent : extents)
        if (__builtin_mul_overflow(product, extent, &product))
          return fail("the dimensions of pack " + name + " have a product past 64 bits");
      sizes[name] = product;
    }
    return true;
  }

  bool fillMissing() {
    // Size parameters first: they may stand in the tensors' dimensions.
    for (const package::Param *param : *instance->params()) {
      Argument argument;
      argument.name = param->name()->str();
      argument.kind = param->kind();
      argument.type = param->kind() == ParamKind::Size ? DType::I64 : param->dtype();
      argument.isResult = param->is_result();
      if (argument.kind != ParamKind::Tensor && !scalar(*param, argument))
        return false;
      call.arguments.push_back(std::move(argument));
    }
    std::mt19937_64 generator(request.seed);
    for (uint32_t i = 0; i < instance->params()->size(); ++i) {
      Argument &argument = call.arguments[i];
      if (argument.kind == ParamKind::Tensor && !argument.isResult &&
          !tensor(*instance->params()->Get(i), generator, argument))
        return false;
    }
    return true;
  }

  bool scalar(const package::Param &param, Argument &argument) {
    auto given = request.inputs.find(argument.name);
    auto size = sizes.find(argument.name);
    if (given != request.inputs.end()) {
      if (!parseValue(given->second, argument.type, argument.bits))
        return fail("--input " + argument.name + "=" + given->second + ": not a value of type " +
                    (argument.kind == ParamKind::Size ? "size" : typeName(argument.type)));
    } else if (argument.kind == ParamKind::Size && size != sizes.end()) {
      argument.bits = static_cast<uint64_t>(size->second);
    } else if (param.has_default()) {
      argument.isDefault = true;
      argument.bits = param.default_bits();
    } else {
      return fail("input " + argument.name + " has no default: give --input " + argument.name + "=VALUE");
    }
    if (argument.kind == ParamKind::Size)
      sizes[argument.name] = static_cast<int64_t>(argument.bits);
    return true;
  }

  bool tensor(const package::Param &param, std::mt19937_64 &generator, Argument &argument) {
    auto array = arrays.find(argument.name);
    if (array != arrays.end()) {
      argument.shape = array->second.shape;
      argument.data = std::move(array->second.data);
      return true;
    }
    auto given = request.inputs.find(argument.name);
    if (given != request.inputs.end()) {
      uint64_t bits = 0;
      if (!parseValue(given->second, argument.type, bits))
        return fail("--input " + argument.name + "=" + given->second + ": neither a .npy file nor a value of type " +
                    typeName(argument.type));
      const auto *bytes = reinterpret_cast<const uint8_t *>(&bits);
      argument.data.assign(bytes, bytes + typeBytes(argument.type));
      return true;
    }
    argument.isRandom = true;
    Expressions expressions(*instance);
    for (uint32_t i = 0; param.dims() && i < param.dims()->size(); ++i) {
      const package::Dim *dim = param.dims()->Get(i);
      std::string name = dim->kind() == package::DimKind::Check ? "" : symbolName(dim->value());
      if (dim->kind() == package::DimKind::Pack) {
        auto pack = packs.find(name);
        if (pack == packs.end())
          return fail("pack " + name + " of " + argument.name + " is not known: give --shape " + name +
                      "=[2, 3], or a file for an input that has it");
        argument.shape.insert(argument.shape.end(), pack->second.begin(), pack->second.end());
        continue;
      }
      int64_t extent = 0;
      std::string why;
      if (dim->kind() == package::DimKind::Bind) {
        auto size = sizes.find(name);
        if (size == sizes.end())
          return fail("size " + name + " of " + argument.name + " is not known: give --shape " + name +
                      "=4, or a file for an input that has it");
        extent = size->second;
      } else if (!expressions.evaluate(dim->value(), sizes, extent, why)) {
        return fail("dimension " + std::to_string(i) + " of " + argument.name + ": " + why);
      }
      if (extent < 0)
        return fail("dimension " + std::to_string(i) + " of " + argument.name + " is " + std::to_string(extent));
      argument.shape.push_back(extent);
    }
    // Asked first: a system that promises more memory than it has would kill this process instead.
    const int64_t most = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
    int64_t bytes = typeBytes(argument.type);
    bool empty = std::count(argument.shape.begin(), argument.shape.end(), 0) > 0, tooLarge = false;
    for (int64_t extent : argument.shape)
      tooLarge |= !empty && __builtin_mul_overflow(bytes, extent, &bytes);
    if (empty)
      bytes = 0;
    if (tooLarge || bytes > most)
      return fail("out of memory: input " + argument.name + " would take " +
                  (tooLarge ? "more than 2^63" : std::to_string(bytes)) + " bytes of random data, this machine has " +
                  std::to_string(most));
    drawValues(generator, argument.type, bytes / typeBytes(argument.type), argument.data);
    return true;
  }

  const package::Package &package;
  const Request &request;
  Call &call;
  std::string &error;
  const package::Operator *op = nullptr;
  const package::Instance *instance = nullptr;
  std::map<std::string, npy::Array> arrays;
  std::map<std::string, int64_t> sizes;
  std::map<std::string, std::vector<int64_t>> packs;
};

} // namespace

bool prepare(const PackageFile &file, const Request &request, Call &call, std::string &error) {
  return Preparation(file, request, call, error).run();
}

} // namespace tenon
