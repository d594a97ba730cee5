#include "csv_file.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <csv.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace phyll::cli {
namespace {

std::optional<float> number(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return std::nullopt;
    }
    text = text.substr(first, text.find_last_not_of(" \t") + 1 - first);
    float value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole ? std::optional(value) : std::nullopt;
}

/// Collects what libcsv finds.
class Reader {
  public:
    explicit Reader(std::string path) : path_(std::move(path)) {}

    OwnedBlock read(const std::string& text) {
        csv_parser parser{};
        csv_init(&parser, CSV_APPEND_NULL);
        csv_parse(&parser, text.data(), text.size(), on_field, on_row, this);
        csv_fini(&parser, on_field, on_row, this);
        csv_free(&parser);
        if (!problem_.empty()) {
            throw Error(Code::invalid_argument, problem_);
        }
        if (rows_.empty()) {
            throw Error(Code::invalid_argument, path_ +
                                                    ": holds no numbers; one sample per line is "
                                                    "expected");
        }
        OwnedBlock block(rows_.front().size(), rows_.size());
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            std::ranges::copy(rows_[i], block.sample(i).begin());
        }
        return block;
    }

  private:
    static void on_field(void* data, std::size_t size, void* self) {
        static_cast<Reader*>(self)->fields_.emplace_back(static_cast<const char*>(data), size);
    }
    static void on_row(int, void* self) { static_cast<Reader*>(self)->take_row(); }

    void take_row() {
        ++line_;
        const std::vector<std::string> fields = std::exchange(fields_, {});
        if (!problem_.empty()) {
            return;
        }
        const bool header =
            rows_.empty() && line_ == 1 &&
            std::ranges::none_of(fields, [](const auto& f) { return number(f).has_value(); });
        if (header) {
            return;
        }
        std::vector<float> row;
        for (const std::string& field : fields) {
            const std::optional<float> value = number(field);
            if (!value) {
                problem_ = fmt::format("{}: row {}, column {}: {} is no number; numbers are "
                                       "written like 0.25 or 2.5e-1",
                                       path_, line_, row.size() + 1, in_quotes(field));
                return;
            }
            row.push_back(*value);
        }
        if (!rows_.empty() && row.size() != rows_.front().size()) {
            problem_ = fmt::format("{}: row {} has {} numbers, those before it have {}; every row "
                                   "needs as many",
                                   path_, line_, row.size(), rows_.front().size());
            return;
        }
        rows_.push_back(std::move(row));
    }

    std::string path_;
    std::size_t line_ = 0;
    std::vector<std::string> fields_;
    std::vector<std::vector<float>> rows_;
    std::string problem_;
};

std::string read_all(const std::string& path) {
    if (path == "-") {
        return {std::istreambuf_iterator<char>(std::cin), {}};
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw Error(Code::not_found, fmt::format("cannot read {}: {}", path,
                                                 std::generic_category().message(errno)));
    }
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        throw Error(
            Code::invalid_argument,
            fmt::format("{} is a folder; a CSV file with one sample per line is expected", path));
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

OwnedBlock read_csv(const std::string& path) {
    std::string text = read_all(path);
    if (text.starts_with("\xef\xbb\xbf")) { // a byte order mark
        text.erase(0, 3);
    }
    return Reader(path).read(text);
}

void write_csv(const std::string& path, const std::vector<std::string>& header, ConstBlock block) {
    std::string text = fmt::format("{}\n", fmt::join(header, ","));
    for (std::size_t i = 0; i < block.samples(); ++i) {
        text += fmt::format("{}\n", fmt::join(block.sample(i), ","));
    }
    if (path == "-") {
        std::cout << text << std::flush;
        return;
    }
    std::ofstream file(path, std::ios::binary);
    file << text << std::flush;
    if (!file) {
        throw Error(Code::unavailable, fmt::format("cannot write {}: {}", path,
                                                   std::generic_category().message(errno)));
    }
}

} // namespace phyll::cli
