#include "daemon/runs/data_files.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace phyll::runs {
namespace {

/// An open file. Not mapped: a file that becomes shorter under a mapping kills the process.
class OpenFile final : public ByteSource {
  public:
    OpenFile(int descriptor, std::string path)
        : descriptor_(descriptor), path_(std::move(path)), opened_(status()) {}
    ~OpenFile() override { ::close(descriptor_); }

    [[nodiscard]] bool is_regular() const { return S_ISREG(opened_.st_mode); }
    [[nodiscard]] bool is_folder() const { return S_ISDIR(opened_.st_mode); }
    [[nodiscard]] std::uint64_t size() const override {
        return static_cast<std::uint64_t>(opened_.st_size);
    }

    void read(std::uint64_t offset, std::span<std::byte> into) const override {
        check_within(offset, into.size(), size());
        while (!into.empty()) {
            const ssize_t count =
                ::pread(descriptor_, into.data(), into.size(), static_cast<off_t>(offset));
            if (count < 0 && errno == EINTR) {
                continue;
            }
            if (count <= 0) {
                throw Error(Code::data_loss,
                            fmt::format("{}, byte {}: {}", path_, offset,
                                        count == 0 ? "the file was made shorter while it was read"
                                                   : std::generic_category().message(errno)));
            }
            into = into.subspan(static_cast<std::size_t>(count));
            offset += static_cast<std::uint64_t>(count);
        }
        check_unchanged();
    }

  private:
    [[nodiscard]] struct stat status() const {
        struct stat now{};
        if (::fstat(descriptor_, &now) != 0) {
            throw Error(Code::data_loss,
                        fmt::format("{}: {}", path_, std::generic_category().message(errno)));
        }
        return now;
    }
    void check_unchanged() const {
        const struct stat now = status();
        if (now.st_size != opened_.st_size || now.st_mtim.tv_sec != opened_.st_mtim.tv_sec ||
            now.st_mtim.tv_nsec != opened_.st_mtim.tv_nsec) {
            throw Error(
                Code::data_loss,
                fmt::format("{} was changed while it was in use; write a new file aside and "
                            "rename it, and what is under way goes on with the old one",
                            path_));
        }
    }

    int descriptor_;
    std::string path_;
    struct stat opened_;
};

Error refusal(Code code, const std::string& field, const std::string& why) {
    return field.empty() ? Error(code, why) : Error(code, field + ": " + why, {{field, why}});
}

} // namespace

FileReader read_below(std::string data_dir, std::string field) {
    return [data_dir = std::filesystem::path(std::move(data_dir)),
            field = std::move(field)](const std::string& name) {
        const std::filesystem::path path = std::filesystem::path(name).is_absolute()
                                               ? std::filesystem::path(name)
                                               : data_dir / name;
        // Not blocking: the path may be that of a pipe.
        const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (descriptor < 0) {
            const std::string why =
                fmt::format("phylld cannot read {}: {}; relative paths are looked up in its data "
                            "directory, {}",
                            path.string(), std::generic_category().message(errno),
                            data_dir.empty() ? "which is not set (--data-dir)" : data_dir.string());
            throw refusal(Code::not_found, field, why);
        }
        const auto file = std::make_shared<const OpenFile>(descriptor, path.string());
        if (!file->is_regular()) {
            throw refusal(Code::invalid_argument, field,
                          fmt::format("{} is a {}, not a file", path.string(),
                                      file->is_folder() ? "folder" : "device or pipe"));
        }
        return DataFile(file, path);
    };
}

} // namespace phyll::runs
