#include "daemon/metrics/process_figures.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/resource.h>
#include <sys/time.h>
#include <system_error>

namespace phyll::metrics {
namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

void read_status(ProcessFigures& figures) {
    std::ifstream status("/proc/self/status");
    std::string word;
    const auto read = [&](std::optional<std::uint64_t>& into, std::uint64_t unit) {
        if (std::uint64_t number = 0; status >> number) {
            into = number * unit;
        }
    };
    while (status >> word) {
        if (word == "VmSize:") {
            read(figures.virtual_bytes, 1024);
        } else if (word == "VmRSS:") {
            read(figures.resident_bytes, 1024);
        } else if (word == "Threads:") {
            read(figures.threads, 1);
        }
    }
}

} // namespace

ProcessFigures process_figures() {
    ProcessFigures figures;
    read_status(figures);
    std::error_code none;
    const std::filesystem::directory_iterator open("/proc/self/fd", none);
    if (!none) {
        // Looking takes one, too.
        figures.open_descriptors = static_cast<std::uint64_t>(std::distance(begin(open), {})) - 1;
    }
    rlimit most{};
    if (::getrlimit(RLIMIT_NOFILE, &most) == 0) {
        figures.most_descriptors = most.rlim_cur;
    }
    rusage used{};
    if (::getrusage(RUSAGE_SELF, &used) == 0) {
        figures.processor_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
    }
    return figures;
}

} // namespace phyll::metrics
