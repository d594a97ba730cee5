#include "drivers/core/keys/key_file.hpp"

#include "drivers/core/descriptor.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/hex.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace phyll {
namespace {

/// More than any key file has.
constexpr std::size_t most_read = 4096;

std::string because(int number) {
    return std::generic_category().message(number);
}

void make_folders(const std::filesystem::path& folder) {
    if (folder.empty() || std::filesystem::exists(folder)) {
        return;
    }
    make_folders(folder.parent_path());
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        throw Error(Code::unavailable,
                    fmt::format("cannot make the folder {}: {}", folder.string(), because(errno)));
    }
}

void write_all(const Descriptor& file, std::string_view text, const std::string& name) {
    while (!text.empty()) {
        const ssize_t written = ::write(file.get(), text.data(), text.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            throw Error(means_full(errno) ? Code::resource_exhausted : Code::unavailable,
                        fmt::format("cannot write the key file {}: {}", name, because(errno)));
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

/// Gives the file its name, unless there is one of that name.
void put_in_place(const Descriptor& opened, const std::filesystem::path& aside,
                  const std::filesystem::path& file) {
    if (::fsync(opened.get()) != 0) {
        throw Error(Code::unavailable,
                    fmt::format("cannot write the key file {}: {}", file.string(), because(errno)));
    }
    if (::link(aside.c_str(), file.c_str()) != 0) {
        throw errno == EEXIST
            ? Error(Code::already_exists,
                    fmt::format("there is a key file {} already; move it away, or give another "
                                "name",
                                file.string()))
            : Error(Code::unavailable,
                    fmt::format("cannot make the key file {}: {}", file.string(), because(errno)));
    }
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
    const Descriptor entries(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    static_cast<void>(::fsync(entries.get())); // its name, too, survives a crash
}

void require_own(const Descriptor& file, const std::string& name) {
    struct stat found{};
    if (::fstat(file.get(), &found) != 0) {
        throw Error(Code::unavailable,
                    fmt::format("cannot look at the key file {}: {}", name, because(errno)));
    }
    if (!S_ISREG(found.st_mode)) {
        throw Error(Code::invalid_argument, fmt::format("the key file {} is no file", name));
    }
    if (found.st_uid != ::geteuid()) {
        throw Error(Code::failed_precondition,
                    fmt::format("the key file {} belongs to another user (uid {}); use one of your "
                                "own",
                                name, found.st_uid));
    }
    if ((found.st_mode & 077U) != 0) {
        throw Error(Code::failed_precondition,
                    fmt::format("others may read or write the key file {} (mode {:03o}); run "
                                "'chmod 600 {}', and make a new key if others were there",
                                name, found.st_mode & 0777U, name));
    }
}

std::string read_some(const Descriptor& file, const std::string& name) {
    std::string text(most_read, '\0');
    const ssize_t size = ::read(file.get(), text.data(), text.size());
    if (size < 0) {
        throw Error(Code::unavailable,
                    fmt::format("cannot read the key file {}: {}", name, because(errno)));
    }
    text.resize(static_cast<std::size_t>(size));
    return text;
}

std::optional<SecretKey> key_in(std::string_view text) {
    std::optional<SecretKey> key;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty() || line.starts_with('#')) {
            continue;
        }
        std::array<std::byte, 32> bytes{};
        if (key || !from_hex(line, bytes)) {
            return std::nullopt;
        }
        key.emplace(bytes);
    }
    return key;
}

} // namespace

void write_key_file(const std::filesystem::path& file, const SecretKey& key) {
    make_folders(file.parent_path());
    // Aside first: a crash leaves no file that holds half a key.
    const std::filesystem::path aside = file.string() + fmt::format(".{}.new", ::getpid());
    const Descriptor opened(::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (opened.get() < 0) {
        throw Error(Code::unavailable,
                    fmt::format("cannot make the key file {}: {}", aside.string(), because(errno)));
    }
    try {
        write_all(opened,
                  fmt::format("# The secret key of phyll; its public half is\n# {}\n{}\n",
                              key.public_key().text(), to_hex(key.bytes())),
                  aside.string());
        put_in_place(opened, aside, file);
    } catch (...) {
        ::unlink(aside.c_str());
        throw;
    }
    ::unlink(aside.c_str());
}

SecretKey read_key_file(const std::filesystem::path& file) {
    const Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (opened.get() < 0) {
        throw Error(errno == ENOENT ? Code::not_found : Code::unavailable,
                    fmt::format("cannot read the key file {}: {}", file.string(), because(errno)));
    }
    require_own(opened, file.string());
    if (auto key = key_in(read_some(opened, file.string()))) {
        return *std::move(key);
    }
    throw Error(Code::invalid_argument,
                fmt::format("the key file {} does not hold one key of 64 hexadecimal digits; make "
                            "one with 'phyllctl key new'",
                            file.string()));
}

} // namespace phyll
