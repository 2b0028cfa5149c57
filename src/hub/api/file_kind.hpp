// What kind of file an artifact is, from its first bytes.
#pragma once

#include <string>
#include <string_view>

namespace skep::hub::api {

/// A word for people: `elf arm`, `elf x86-64`, `script`, `gzip`, `text`, `empty`, `data`. Looks at
/// the first 64 bytes at most and believes none of them.
std::string file_kind(std::string_view head);

/// Where the vault keeps a content; empty if `shasum` is not 64 hexadecimal digits.
std::string artifact_path(std::string_view state_directory, std::string_view shasum);

/// file_kind of an artifact of the vault; empty if it is not there.
std::string kind_of_artifact(std::string_view state_directory, std::string_view shasum);

} // namespace skep::hub::api
