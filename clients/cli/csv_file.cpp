#include "csv_file.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/number_of.hpp"
#include "drivers/core/text.hpp"

#include <csv.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
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

std::optional<double> number(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return std::nullopt;
    }
    text = text.substr(first, text.find_last_not_of(" \t") + 1 - first);
    return number_of<double>(text);
}

/// Collects what libcsv finds.
class Reader {
  public:
    explicit Reader(const std::string& file) { out_.file = file; }

    CsvNumbers read(const std::string& text) {
        csv_parser parser{};
        csv_init(&parser, CSV_APPEND_NULL);
        csv_parse(&parser, text.data(), text.size(), on_field, on_row, this);
        csv_fini(&parser, on_field, on_row, this);
        csv_free(&parser);
        if (!problem_.empty()) {
            throw Error(Code::invalid_argument, problem_);
        }
        if (out_.values.empty()) {
            throw Error(Code::invalid_argument,
                        out_.file + ": holds no numbers; one sample per line is expected");
        }
        return std::move(out_);
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
        if (line_ == 1) {
            out_.columns = fields.size();
            if (std::ranges::none_of(fields, [](const auto& f) { return number(f).has_value(); })) {
                out_.header = fields;
                return;
            }
        }
        if (fields.size() != out_.columns) {
            problem_ = fmt::format("{}: row {} has {} columns, those before it have {}; every row "
                                   "needs as many",
                                   out_.file, line_, fields.size(), out_.columns);
            return;
        }
        for (std::size_t column = 0; column < fields.size(); ++column) {
            const std::optional<double> value = number(fields[column]);
            if (!value) {
                problem_ = fmt::format("{}: row {}, column {}: {} is no number; numbers are "
                                       "written like 0.25 or 2.5e-1",
                                       out_.file, line_, column + 1, in_quotes(fields[column]));
                return;
            }
            out_.values.push_back(*value);
        }
    }

    std::size_t line_ = 0;
    std::vector<std::string> fields_;
    CsvNumbers out_;
    std::string problem_;
};

} // namespace

std::string read_text(const std::string& path) {
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

CsvNumbers read_csv(const std::string& path) {
    return parse_csv(read_text(path), path);
}

CsvNumbers parse_csv(const std::string& text, const std::string& file) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    return Reader(file).read(text.starts_with(byte_order_mark) ? text.substr(byte_order_mark.size())
                                                               : text);
}

std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
        return text;
    }
    std::string quoted = "\"";
    for (const char c : text) {
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    }
    return quoted + '"';
}

void write_csv(const std::string& path, const std::vector<std::string>& header, ConstBlock block) {
    std::vector<std::string> names;
    std::ranges::transform(header, std::back_inserter(names), csv_field);
    std::string text = fmt::format("{}\n", fmt::join(names, ","));
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
