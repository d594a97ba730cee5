#include "clients/cli/frame_files.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <span>
#include <string>
#include <vector>

using namespace phyll;

namespace {

v1::FrameSnapshot frame(unsigned bits, const std::vector<unsigned>& counts, unsigned width) {
    v1::FrameSnapshot made;
    made.set_width(width);
    made.set_height(static_cast<std::uint32_t>(counts.size()) / width);
    made.set_bits(bits);
    for (const unsigned count : counts) {
        made.mutable_counts()->push_back(static_cast<char>(count & 0xFFU));
        made.mutable_counts()->push_back(static_cast<char>(count >> 8U));
    }
    return made;
}

std::string text(const std::vector<std::byte>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct Folder : TemporaryFolder {
    Folder() : TemporaryFolder("frames") {}

    [[nodiscard]] std::filesystem::path file(const std::string& content) const {
        const std::filesystem::path name = path() / "a.png";
        std::ofstream(name, std::ios::binary) << content;
        return name;
    }
};

} // namespace

TEST_CASE("levels of a PNG file of 8 bits are those that were written") {
    std::vector<unsigned> all;
    for (unsigned k = 0; k < 256; ++k) {
        all.push_back(k);
    }
    const Folder folder;
    const v1::Picture picture =
        cli::read_picture(folder.file(text(cli::png_of(frame(8, all, 64)))));
    REQUIRE(picture.width() == 64);
    REQUIRE(picture.height() == 4);
    for (unsigned k = 0; k < 256; ++k) {
        REQUIRE(static_cast<unsigned char>(picture.levels().at(k)) == k);
    }
}

TEST_CASE("a PNG file of more than 8 bits has 16, full scale white") {
    const std::string png = text(cli::png_of(frame(12, {0, 4095, 1, 2}, 2)));
    REQUIRE(png.at(24) == 16);
    REQUIRE(png.at(25) == 0);
    const Folder folder;
    REQUIRE_THROWS_WITH(cli::read_picture(folder.file(png)),
                        Catch::Contains("is no grey PNG file of 8 bits"));
}

TEST_CASE("an .npy file has the counts as they are, rows first") {
    const std::string wide = text(cli::npy_of(frame(12, {1, 2, 3, 4, 5, 0x0ABC}, 3)));
    REQUIRE(wide.substr(0, 8) == std::string("\x93NUMPY\x01\x00", 8));
    REQUIRE_THAT(wide, Catch::Contains("'<u2'") && Catch::Contains("(2, 3)"));
    REQUIRE(wide.size() == 128 + 12);
    REQUIRE(wide.substr(wide.size() - 2) == "\xBC\x0A");
    const std::string narrow = text(cli::npy_of(frame(8, {1, 2, 255}, 3)));
    REQUIRE_THAT(narrow, Catch::Contains("'|u1'") && Catch::Contains("(1, 3)"));
    REQUIRE(narrow.substr(narrow.size() - 3) == "\x01\x02\xFF");
}

TEST_CASE("a frame that is not what its size says is no file") {
    v1::FrameSnapshot broken = frame(8, {1, 2, 3, 4}, 2);
    broken.mutable_counts()->pop_back();
    REQUIRE_THROWS_WITH(cli::png_of(broken), Catch::Contains("7 bytes for a frame of 2 x 2"));
    REQUIRE_THROWS_AS(cli::npy_of(broken), Error);
    REQUIRE_THROWS_AS(cli::npy_of(v1::FrameSnapshot()), Error);
}

TEST_CASE("what is no PNG file is refused in words") {
    const Folder folder;
    REQUIRE_THROWS_WITH(cli::read_picture(folder.path() / "b.png"), Catch::Contains("not there"));
    REQUIRE_THROWS_WITH(cli::read_picture(folder.file("text")), Catch::Contains("cannot be read"));
    const std::string whole = text(cli::png_of(frame(8, std::vector<unsigned>(4096, 7), 64)));
    REQUIRE_THROWS_WITH(cli::read_picture(folder.file(whole.substr(0, whole.size() / 2))),
                        Catch::Contains("cannot be read"));
}
