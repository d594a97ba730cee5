#include "response_sink.hpp"

#include "csv_file.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/npy_header.hpp"
#include "output.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <span>
#include <system_error>
#include <vector>

namespace phyll::cli {
namespace {

/// Where a file is that others see under that name; a device or a pipe is none.
std::filesystem::path place_of(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::weakly_canonical(path, ignored);
}

bool is_device(const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored) &&
           !std::filesystem::is_regular_file(path, ignored);
}

/// A file that is written beside its place, and put there with what it has; a device or a pipe is
/// written to as it is.
class GrowingFile {
  public:
    explicit GrowingFile(const std::string& path)
        : path_(place_of(path)),
          part_(is_device(path_) ? path_.string() : path_.string() + ".part"),
          out_(part_, std::ios::binary | std::ios::trunc) {
        check();
    }

    void write(std::span<const std::byte> bytes) {
        out_.write(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
        check();
    }
    void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
    /// Writes over what stands at the begin.
    void rewrite(std::string_view text) {
        out_.seekp(0);
        write(text);
    }
    void finish() {
        out_.close();
        check();
        if (part_ != path_.string()) {
            std::filesystem::rename(part_, path_);
        }
    }

  private:
    void check() const {
        if (!out_) {
            throw Error(
                Code::permission_denied,
                fmt::format("cannot write {}: {}", part_, std::generic_category().message(errno)));
        }
    }

    std::filesystem::path path_;
    std::string part_;
    std::ofstream out_;
};

class ArraySink final : public ResponseSink {
  public:
    ArraySink(const std::string& path, std::size_t outputs) : file_(path), outputs_(outputs) {
        file_.write(header());
    }

    void write(ConstBlock responses) override {
        file_.write(std::as_bytes(responses.values()));
        samples_ += responses.samples();
    }
    void finish() override {
        file_.rewrite(header());
        file_.finish();
    }

  private:
    std::string header() const {
        constexpr std::size_t room = 128; // for any number of samples
        return write_npy_header("<f4", std::array<std::uint64_t, 2>{samples_, outputs_}, room);
    }

    GrowingFile file_;
    std::uint64_t outputs_;
    std::uint64_t samples_ = 0;
};

std::string header_of(const v1::LayerSpec& rig) {
    std::vector<std::string> names;
    for (const v1::ResponseChannel& channel : rig.outputs()) {
        names.push_back(csv_field(fmt::format("{} [{}]", channel.name(), channel.unit())));
    }
    return fmt::format("{}\n", fmt::join(names, ","));
}

std::string csv_lines(ConstBlock block) {
    std::string text;
    for (std::size_t i = 0; i < block.samples(); ++i) {
        text += fmt::format("{}\n", fmt::join(block.sample(i), ","));
    }
    return text;
}

class CsvSink final : public ResponseSink {
  public:
    CsvSink(const std::string& path, const v1::LayerSpec& rig) : file_(path) {
        file_.write(header_of(rig));
    }
    void write(ConstBlock responses) override { file_.write(csv_lines(responses)); }
    void finish() override { file_.finish(); }

  private:
    GrowingFile file_;
};

class StandardOutput final : public ResponseSink {
  public:
    explicit StandardOutput(const v1::LayerSpec& rig) { put(header_of(rig)); }
    void write(ConstBlock responses) override { put(csv_lines(responses)); }
    void finish() override {}

  private:
    static void put(const std::string& text) {
        if (!(std::cout << text << std::flush)) {
            throw Error(Code::unavailable, "standard output takes no more");
        }
    }
};

} // namespace

std::unique_ptr<ResponseSink> open_responses(const std::string& path, const v1::LayerSpec& rig) {
    if (path == "-") {
        return std::make_unique<StandardOutput>(rig);
    }
    if (path.ends_with(".npy")) {
        return std::make_unique<ArraySink>(path, static_cast<std::size_t>(rig.outputs_size()));
    }
    return std::make_unique<CsvSink>(path, rig);
}

} // namespace phyll::cli
