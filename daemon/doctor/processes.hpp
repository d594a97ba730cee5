#pragma once

#include "daemon/doctor/host.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace phyll::doctor {

/// A process, as /proc shows it to everybody.
struct ProcessView {
    pid_t number = 0;
    std::string name; ///< the kernel's, cut after 15 characters: "ModemManager"
    std::vector<std::string> arguments;

    /// The value of an option of its command line; empty: it has none.
    [[nodiscard]] std::string option(std::string_view name) const;
    /// "ModemManager (process 812)".
    [[nodiscard]] std::string in_words() const;
};

/// Those that this process may see; others are hidden from a container.
[[nodiscard]] std::vector<ProcessView> processes(const Host& host);
/// The process of that number, or the one that a thread of that number belongs to.
[[nodiscard]] std::optional<ProcessView> process_of(const Host& host, pid_t number);
/// Of those the ones with one of these names.
[[nodiscard]] std::vector<ProcessView> named(const std::vector<ProcessView>& all,
                                             const std::vector<std::string_view>& names);

/// Whether that process has that file open, as far as this one may know.
[[nodiscard]] bool has_open(const Host& host, pid_t process, const std::filesystem::path& file);

/// Whether somebody of this machine listens on that TCP port; nothing where the kernel does not
/// say.
[[nodiscard]] std::optional<bool> is_listened_to(const Host& host, std::uint16_t port);

} // namespace phyll::doctor
