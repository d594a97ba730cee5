#pragma once

#include <phyll/v1/rig.pb.h>
#include <phyll/v1/runs.pb.h>

#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <vector>

namespace phyll::cli {

/// Rows of text in columns that are as wide as they need to be.
class Table {
  public:
    explicit Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    void print(std::ostream& out, const std::string& indent = "") const;

  private:
    std::vector<std::vector<std::string>> rows_;
};

/// "2,884"
[[nodiscard]] std::string count(std::uint64_t number);
/// Of rising numbers: "4 to 13", "4, 6, 9".
[[nodiscard]] std::string numbers_in_words(std::span<const std::uint64_t> numbers);
/// Bytes in hexadecimal digits.
[[nodiscard]] std::string in_hexadecimal(const std::string& bytes);
/// "12 bytes", "3.4 kB", "56.7 MB"
[[nodiscard]] std::string megabytes(std::uint64_t bytes);
/// "12 ms", "3.4 s", "4 min 48 s", "2 h 05 min"
[[nodiscard]] std::string duration(double seconds);
/// The same for times that are short, to three digits: "41.2 us", "1.25 ms"
[[nodiscard]] std::string short_duration(double seconds);
/// "96.7 %"
[[nodiscard]] std::string percent(double fraction);
/// "2026-11-24 03:40:12", local time
[[nodiscard]] std::string local_time(double seconds_since_1970);

[[nodiscard]] std::string name_of(v1::RunState state);
[[nodiscard]] std::string name_of(v1::RunKind kind);
[[nodiscard]] std::string name_of(v1::Evidence evidence);
[[nodiscard]] std::string name_of(v1::Health::State state);
[[nodiscard]] std::string name_of(v1::Calibration::State state);
[[nodiscard]] std::string name_of(v1::InstrumentInfo::State state);
/// What an instrument says that it is: "Keysight Technologies 33512B, serial MY1234"; empty:
/// nothing yet.
[[nodiscard]] std::string identity_of(const v1::InstrumentInfo& instrument);
/// Of the kind of a control, as people read it: "ridge on the inputs".
[[nodiscard]] std::string control_name(const std::string& kind);

} // namespace phyll::cli
