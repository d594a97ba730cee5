#include "drivers/core/user_name.hpp"

#include <array>
#include <pwd.h>

namespace phyll {

std::string user_name(uid_t user) {
    std::array<char, 16384> room{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(user, &entry, room.data(), room.size(), &found) != 0 || found == nullptr) {
        return {};
    }
    return found->pw_name;
}

} // namespace phyll
