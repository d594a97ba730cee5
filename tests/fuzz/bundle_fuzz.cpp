// Bundles that somebody sends. The first byte says what the rest is: the whole archive, its
// manifest, or one of the messages in it.

#include "daemon/runs/export/bundle.hpp"
#include "daemon/runs/export/manifest.hpp"
#include "daemon/runs/result_file.hpp"
#include "tests/fuzz/input.hpp"

using namespace phyll;
using namespace phyll::fuzz;

namespace {

void check_archive(std::string bytes) {
    expect_error_only([&] {
        const runs::Bundle bundle(DataFile(std::move(bytes)), "bundle");
        for (const runs::BundledFile& file : bundle.manifest().files) {
            require(bundle.text(file.name).size() == file.size, "a file has the size that it says");
        }
        expect_error_only([&] { static_cast<void>(bundle.spec()); });
    });
}

void check_manifest(const std::string& text) {
    expect_error_only([&] {
        const runs::BundleManifest manifest = runs::parse_manifest(text, "bundle");
        require(runs::parse_manifest(runs::to_json(manifest), "bundle") == manifest,
                "a manifest is read as it was written");
    });
}

template <class Message>
void check_message(const std::string& text) {
    expect_error_only([&] {
        Message message;
        runs::from_json(text, message, "bundle");
        Message again;
        runs::from_json(runs::to_json(message), again, "bundle");
        require(again.SerializeAsString().size() == message.SerializeAsString().size(),
                "a message is read as it was written");
    });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const google::protobuf::LogSilencer silence;
    Input input(data, size);
    const auto what = input.number<std::uint8_t>();
    std::string rest(as_text(input.rest()));
    switch (what % 5) {
    case 0:
        check_archive(std::move(rest));
        break;
    case 1:
        check_manifest(rest);
        break;
    case 2:
        check_message<v1::RunSpec>(rest);
        break;
    case 3:
        check_message<v1::Conditions>(rest);
        break;
    default:
        check_message<v1::RunResult>(rest);
        break;
    }
    return 0;
}
