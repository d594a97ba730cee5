#pragma once

#include <array>
#include <cstdint>
#include <filesystem>

namespace phyll::instruments {

/// What a modulator is sent for each level: makers give it with the device, so that phase rises
/// evenly with the level.
using LevelTable = std::array<std::uint8_t, 256>;

/// Every level is itself.
[[nodiscard]] LevelTable straight_table();

/// From a text file of 256 whole numbers, 0 to 255, with blanks, commas or line ends between them.
/// Throws INVALID_ARGUMENT about the field `look_up_table`.
[[nodiscard]] LevelTable read_level_table(const std::filesystem::path& path);

/// "as they are", or what tells the table from others.
[[nodiscard]] std::string in_words(const LevelTable& table);

} // namespace phyll::instruments
