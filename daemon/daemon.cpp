#include "daemon.hpp"

#include "daemon/rig/rig_factory.hpp"
#include "drivers/core/version/version.hpp"
#include "service.hpp"

#include <fmt/format.h>

#include <fstream>

namespace phyll {

Served serve(const Settings& settings, const Clock& clock, std::ostream& ready) {
    std::shared_ptr<const bool> left_behind;
    {
        Service service(settings, clock);
        left_behind = service.left_behind();
        service.run(ready);
    }
    return *left_behind ? Served::thread_left_behind : Served::whole;
}

std::string cpu_model() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
        if (line.starts_with("model name")) {
            const std::size_t colon = line.find(": ");
            return colon == std::string::npos ? line : line.substr(colon + 2);
        }
    }
    return "unknown";
}

std::string version_line() {
    return fmt::format("{}, kernels {} on {}", version_of("phylld"), rig::kernel_level(),
                       cpu_model());
}

} // namespace phyll
