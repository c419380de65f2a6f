//===- Npy.cpp - reads and writes .npy files --------------------------------===//
//
// Owns the parsing of the header, a Python dictionary of three known keys; nothing else of Python is understood.
//
//===------------------------------------------------------------------------===//
#include "npy/Npy.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

namespace tenon::npy {
namespace {

constexpr std::string_view magic = "\x93NUMPY";

struct FileCloser {
  void operator()(std::FILE *file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

/// Walks over the header's text. Every method says whether it found what it wanted.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : text(text) {}

  bool take(char c) {
    skipSpace();
    if (position >= text.size() || text[position] != c)
      return false;
    ++position;
    return true;
  }
  bool takeWord(std::string_view word) {
    skipSpace();
    if (text.substr(position, word.size()) != word)
      return false;
    position += word.size();
    return true;
  }
  bool takeString(std::string &string) {
    skipSpace();
    if (position >= text.size() || (text[position] != '\'' && text[position] != '"'))
      return false;
    size_t end = text.find(text[position], position + 1);
    if (end == std::string_view::npos)
      return false;
    string = text.substr(position + 1, end - position - 1);
    position = end + 1;
    return true;
  }
  bool takeNumber(int64_t &number) {
    skipSpace();
    size_t begin = position;
    number = 0;
    while (position < text.size() && text[position] >= '0' && text[position] <= '9')
      if (__builtin_mul_overflow(number, 10, &number) ||
          __builtin_add_overflow(number, text[position++] - '0', &number))
        return false;
    return position != begin;
  }
  bool atEnd() {
    skipSpace();
    return position == text.size();
  }

private:
  void skipSpace() {
    while (position < text.size() && (text[position] == ' ' || text[position] == '\n'))
      ++position;
  }
  std::string_view text;
  size_t position = 0;
};

bool takeShape(HeaderParser &parser, std::vector<int64_t> &shape) {
  if (!parser.take('('))
    return false;
  while (!parser.take(')')) {
    int64_t extent = 0;
    if (!parser.takeNumber(extent))
      return false;
    shape.push_back(extent);
    if (!parser.take(',')) {
      // `(3)` is no tuple; numpy writes `(3,)`.
      return shape.size() > 1 && parser.take(')');
    }
  }
  return true;
}

struct Header {
  std::string descr;
  bool fortran = false;
  std::vector<int64_t> shape;
};

std::optional<Header> parseHeader(std::string_view text) {
  HeaderParser parser(text);
  Header header;
  bool seen[3] = {};
  if (!parser.take('{'))
    return std::nullopt;
  while (!parser.take('}')) {
    std::string key;
    if (!parser.takeString(key) || !parser.take(':'))
      return std::nullopt;
    int which = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : -1;
    if (which < 0 || seen[which])
      return std::nullopt;
    seen[which] = true;
    if (which == 0) {
      // A list here is a structured type; report it as such.
      if (!parser.takeString(header.descr)) {
        header.descr = "a structured type";
        return header;
      }
    } else if (which == 1) {
      header.fortran = parser.takeWord("True");
      if (!header.fortran && !parser.takeWord("False"))
        return std::nullopt;
    } else if (!takeShape(parser, header.shape)) {
      return std::nullopt;
    }
    if (!parser.take(',') && !parser.take('}'))
      return std::nullopt;
    if (parser.atEnd())
      break;
  }
  if (!seen[0] || !seen[1] || !seen[2] || !parser.atEnd())
    return std::nullopt;
  return header;
}

bool parseType(const std::string &descr, Type &type) {
  if (descr.size() != 3)
    return false;
  uint8_t bytes = static_cast<uint8_t>(descr[2] - '0');
  // One byte has no order: NumPy writes '|', and '<' is as good.
  bool order = descr[0] == '<' || (descr[0] == '|' && bytes == 1);
  bool wide = bytes == 2 || bytes == 4 || bytes == 8;
  switch (descr[1]) {
  case 'b':
    type = {Kind::Bool, bytes};
    return order && bytes == 1;
  case 'i':
    type = {Kind::Int, bytes};
    return order && (bytes == 1 || wide);
  case 'u':
    type = {Kind::UInt, bytes};
    return order && (bytes == 1 || wide);
  case 'f':
    type = {Kind::Float, bytes};
    return order && wide;
  default:
    return false;
  }
}

bool bytesOf(const std::vector<int64_t> &shape, uint8_t elementBytes, uint64_t &bytes) {
  uint64_t total = elementBytes;
  bool empty = false, overflow = false;
  for (int64_t extent : shape) {
    empty |= extent == 0;
    overflow |= __builtin_mul_overflow(total, static_cast<uint64_t>(extent), &total);
  }
  bytes = empty ? 0 : total;
  return empty || !overflow;
}

} // namespace

std::string name(Type type) { return "biuf"[static_cast<int>(type.kind)] + std::to_string(type.bytes); }

int64_t Array::size() const {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

bool parse(const std::string &path, const std::vector<uint8_t> &file, Array &array, std::string &error) {
  auto fail = [&](const std::string &what) {
    error = path + ": " + what;
    return false;
  };
  if (file.size() < 10 || std::memcmp(file.data(), magic.data(), magic.size()) != 0)
    return fail("not a .npy file (it does not begin with \\x93NUMPY)");
  unsigned version = file[6];
  if (version < 1 || version > 3)
    return fail(".npy version " + std::to_string(version) + " is not known, only 1 to 3");
  size_t begin = version == 1 ? 10 : 12;
  if (file.size() < begin)
    return fail("truncated in the header");
  size_t length = file[8] | file[9] << 8;
  if (version > 1)
    length |= static_cast<size_t>(file[10]) << 16 | static_cast<size_t>(file[11]) << 24;
  if (length > file.size() - begin)
    return fail("truncated: the header has " + std::to_string(length) + " bytes, the file " +
                std::to_string(file.size() - begin) + " more");

  std::string_view text(reinterpret_cast<const char *>(file.data()) + begin, length);
  std::optional<Header> header = parseHeader(text);
  if (!header)
    return fail("the header is not a dictionary of descr, fortran_order and shape");
  Type type;
  if (!parseType(header->descr, type))
    return fail("elements of type " + header->descr +
                ", wanted little-endian bool, integers of 8 to 64 or floats of 16 to 64 bits");
  if (header->fortran && header->shape.size() > 1)
    return fail("is in Fortran order, wanted C order (numpy.ascontiguousarray)");
  uint64_t bytes = 0;
  if (!bytesOf(header->shape, type.bytes, bytes))
    return fail("the shape's size overflows 64 bits");
  uint64_t have = file.size() - begin - length;
  if (have != bytes)
    return fail((have < bytes ? "truncated: " : "too long: ") + std::to_string(have) +
                " bytes of data, the shape needs " + std::to_string(bytes));
  array.type = type;
  array.shape = std::move(header->shape);
  array.data.assign(file.begin() + static_cast<ptrdiff_t>(begin + length), file.end());
  return true;
}

bool read(const std::string &path, Array &array, std::string &error) {
  File file(std::fopen(path.c_str(), "rb"));
  if (!file) {
    error = path + ": cannot be read: " + std::strerror(errno);
    return false;
  }
  std::vector<uint8_t> content;
  uint8_t block[1 << 16];
  size_t got = sizeof block;
  while (got == sizeof block) {
    got = std::fread(block, 1, sizeof block, file.get());
    content.insert(content.end(), block, block + got);
    if (content.size() < magic.size() || std::memcmp(content.data(), magic.data(), magic.size()) != 0)
      break; // whatever it is, `parse` refuses it; it need not end
  }
  if (std::ferror(file.get())) {
    error = path + ": cannot be read: " + std::strerror(errno);
    return false;
  }
  return parse(path, content, array, error);
}

bool write(const std::string &path, const Array &array, std::string &error) {
  std::string header = "{'descr': '" + std::string(array.type.bytes == 1 ? "|" : "<") + name(array.type) +
                       "', 'fortran_order': False, 'shape': (";
  for (int64_t extent : array.shape)
    header += std::to_string(extent) + (array.shape.size() == 1 ? "," : ", ");
  if (array.shape.size() > 1)
    header.resize(header.size() - 2);
  header += "), }";
  // The data begin on a multiple of 64 bytes, and the header ends in a line end.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  if (header.size() > 0xffff) {
    error = path + ": " + std::to_string(array.shape.size()) + " dimensions are too many for a .npy file";
    return false;
  }

  std::string start(magic);
  start += {'\x01', '\x00', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  start += header;
  File file(std::fopen(path.c_str(), "wb"));
  bool good = file && std::fwrite(start.data(), 1, start.size(), file.get()) == start.size() &&
              std::fwrite(array.data.data(), 1, array.data.size(), file.get()) == array.data.size() &&
              std::fflush(file.get()) == 0;
  if (!good)
    error = path + ": cannot be written: " + std::strerror(errno);
  return good;
}

} // namespace tenon::npy
