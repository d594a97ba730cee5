#pragma once

#include "tests/support/process.hpp"

#include <catch2/catch.hpp>

#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace phyll::test {

/// An X server without a monitor, and what stands on its screen, as the server itself keeps it in a
/// file: no client of it is asked.
class XScreen {
  public:
    XScreen(std::size_t width, std::size_t height)
        : server_({"/usr/bin/Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-noreset", "-screen",
                   "0", std::to_string(width) + "x" + std::to_string(height) + "x24", "-fbdir",
                   dir_.path().string()},
                  dir_.path() / "log"),
          display_(":" + server_.read_line()) {}

    [[nodiscard]] const std::string& display() const noexcept { return display_; }

    /// The blue of every pixel, row by row, of a picture that is grey.
    [[nodiscard]] std::vector<std::uint8_t> levels() const {
        std::ifstream file(dir_.path() / "Xvfb_screen0", std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        // The file is of the kind that xwd writes: numbers of 32 bits, the highest byte first.
        const auto number = [&](std::size_t k) {
            std::uint32_t value = 0;
            std::memcpy(&value, bytes.data() + 4 * k, sizeof value);
            return std::size_t{ntohl(value)};
        };
        constexpr std::size_t colour = 12;
        const std::size_t begin = number(0) + number(19) * colour;
        const std::size_t width = number(4);
        const std::size_t height = number(5);
        REQUIRE(number(11) == 32); // bits of a pixel
        REQUIRE(number(7) == 0);   // the lowest byte first: blue
        std::vector<std::uint8_t> levels;
        levels.reserve(width * height);
        for (std::size_t row = 0; row < height; ++row) {
            for (std::size_t column = 0; column < width; ++column) {
                levels.push_back(
                    static_cast<std::uint8_t>(bytes[begin + row * number(12) + 4 * column]));
            }
        }
        return levels;
    }

  private:
    TempDir dir_;
    Process server_;
    std::string display_;
};

/// phyllslm on such a screen.
class SlmProgram {
  public:
    SlmProgram(const XScreen& screen, const std::string& port)
        : process_({PHYLL_BIN_DIR "/phyllslm", "--display", screen.display(), "--port", port},
                   dir_.path() / "log"),
          ready_(process_.read_line()) {}

    /// "TCPIP0::127.0.0.1::40937::SOCKET"
    [[nodiscard]] std::string address() const { return ready_.substr(ready_.rfind(' ') + 1); }
    [[nodiscard]] std::string port() const {
        const std::string begin = "TCPIP0::127.0.0.1::";
        const std::string text = address();
        return text.substr(begin.size(), text.find("::SOCKET") - begin.size());
    }
    [[nodiscard]] const std::string& ready() const noexcept { return ready_; }
    [[nodiscard]] Process& process() noexcept { return process_; }

  private:
    TempDir dir_;
    Process process_;
    std::string ready_;
};

} // namespace phyll::test
