//===- DriverErrorTest.cpp - loaders and drivers that are missing or bad ----===//
//
// Owns that tenon-info and host work on whatever the drivers do, and that it is said why a driver is left out.
//
//===------------------------------------------------------------------------===//
#include "Tool.h"

#include <nlohmann/json.hpp>

using namespace tenon::test;

namespace {

class Drivers : public testing::Test {
protected:
  /// With these settings host is the only device, and of each left-out thing name and reason have these parts.
  void expectOnlyHost(std::vector<std::string> settings,
                      const std::vector<std::pair<std::string, std::vector<std::string>>> &leftOut) {
    settings.push_back("TENON_CACHE_DIR=" + folder.path() + "/cache");
    Answer answer = runTool("tenon-info", {"--json"}, settings);
    ASSERT_EQ(answer.status, 0) << answer.output;
    auto json = nlohmann::json::parse(answer.output, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << answer.output;
    ASSERT_EQ(json["devices"].size(), 1u) << answer.output;
    EXPECT_EQ(json["devices"][0]["id"], "host");
    EXPECT_EQ(json["left_out"].size(), leftOut.size()) << answer.output;
    std::vector<std::string> said;
    for (const auto &[name, parts] : leftOut) {
      bool found = false;
      for (const auto &entry : json["left_out"]) {
        const std::string entryName = entry["name"], reason = entry["reason"];
        if (entryName.find(name) == std::string::npos)
          continue;
        found = true;
        said.push_back(reason);
        for (const std::string &part : parts)
          EXPECT_NE(reason.find(part), std::string::npos) << part << "\nnot in\n" << reason;
      }
      EXPECT_TRUE(found) << name << " is not in\n" << answer.output;
    }
    // The same in words, and from the cache.
    answer = runTool("tenon-info", {}, settings);
    expectAnswer(answer, 0, said);
    // Host works on, named and as the best device.
    const std::vector<std::string> run = {TENON_TEST_CASES "/host.tnb", "--op=add", "--shape", "m=2,n=3"};
    expectAnswer(runTool("tenon-run", run, settings), 0, {"z: f32[2, 3]"});
    std::vector<std::string> named = run;
    named.push_back("--device=host");
    expectAnswer(runTool("tenon-run", named, settings), 0, {"z: f32[2, 3]"});
    // Who asks for another learns why it is not there.
    named.back() = "--device=vulkan:0";
    expectAnswer(runTool("tenon-run", named, settings), 1, {"no device 'vulkan:0'", "left out"});
  }
  /// Settings for an OpenCL driver alone.
  std::vector<std::string> onlyOpencl(const std::string &library) {
    folder.write("only.icd", library + "\n");
    return {"OCL_ICD_VENDORS=" + folder.path(), noVulkan};
  }
  /// Settings for a Vulkan driver alone.
  std::vector<std::string> onlyVulkan(const std::string &library) {
    std::string manifest = folder.write("only.json", R"({"file_format_version": "1.0.0", "ICD": {"library_path": ")" +
                                                         library + R"(", "api_version": "1.1.0"}})");
    return {"VK_ICD_FILENAMES=" + manifest, "VK_DRIVER_FILES=" + manifest, noOpencl};
  }
  static std::string fake(const std::string &name) { return TENON_TEST_FAKES "/lib" + name + ".so"; }

  Folder folder;
  const std::string noOpencl = "TENON_OPENCL_LOADER=/nowhere/libOpenCL.so.1",
                    noVulkan = "TENON_VULKAN_LOADER=/nowhere/libvulkan.so.1";
  const std::vector<std::string> missing = {"loader cannot be opened: /nowhere/lib"};
};

} // namespace

TEST_F(Drivers, BothLoadersMissing) {
  expectOnlyHost({noOpencl, noVulkan}, {{"opencl", {"the OpenCL loader cannot be opened: /nowhere/libOpenCL.so.1"}},
                                        {"vulkan", {"loader cannot be opened: /nowhere/libvulkan.so.1"}}});
}

TEST_F(Drivers, OneLoaderMissing) {
  // The other one's devices are still found, where there are any: nothing but host is certain here.
  for (const std::string &setting : {noOpencl, noVulkan}) {
    Answer answer = runTool("tenon-info", {"--brief", "--require=host"}, {setting});
    expectAnswer(answer, 0, {"host"});
  }
}

TEST_F(Drivers, LoadersThatAreNone) {
  expectOnlyHost({"TENON_OPENCL_LOADER=libm.so.6", "TENON_VULKAN_LOADER=libm.so.6"},
                 {{"libm.so.6", {"the OpenCL loader libm.so.6 lacks the function clGetPlatformIDs"}},
                  {"vulkan", {"the vulkan loader libm.so.6 has no vkGetInstanceProcAddr"}}});
  std::string text = folder.write("text.so", "no library");
  expectOnlyHost({"TENON_OPENCL_LOADER=" + text, "TENON_VULKAN_LOADER=" + text},
                 {{"opencl", {text}}, {"vulkan", {text}}});
}

TEST_F(Drivers, OpenclDriversThatCrash) {
  for (const char *name : {"opencl-fake-crash_on_load", "opencl-fake-crash_on_devices"})
    expectOnlyHost(onlyOpencl(fake(name)),
                   {{"only.icd", {"the driver crashed while it was probed (signal 6, Aborted)"}}, {"vulkan", missing}});
}

TEST_F(Drivers, OpenclDriversThatAnswerNothing) {
  const std::pair<std::string, const char *> cases[] = {
      {fake("opencl-fake-no_platform"), "the driver lists no platform"},
      {fake("opencl-fake-no_device"), "platform Fake lists no device"},
      {fake("opencl-fake-old"), "platform Fake is OpenCL 1.1 fake, but at least OpenCL 1.2 is needed"},
      {fake("opencl-fake-no_table"), "no dispatch table"},
      {"libm.so.6", "libm.so.6 is not an OpenCL driver"},
      {"/nowhere/libdriver.so", "the driver cannot be opened"}};
  for (const auto &[library, reason] : cases)
    expectOnlyHost(onlyOpencl(library), {{"only.icd", {reason}}, {"vulkan", missing}});
}

TEST_F(Drivers, VulkanDriversThatCrash) {
  for (const char *name : {"vulkan-fake-crash_on_load", "vulkan-fake-crash_on_instance"})
    expectOnlyHost(
        onlyVulkan(fake(name)),
        {{"only.json", {"the driver crashed while it was probed (signal 6, Aborted)"}}, {"opencl", missing}});
}

TEST_F(Drivers, VulkanDriversThatAnswerNothing) {
  expectOnlyHost(onlyVulkan(fake("vulkan-fake-empty")), {{"only.json", {"no driver"}}, {"opencl", missing}});
  expectOnlyHost(onlyVulkan(fake("vulkan-fake-no_device")), {{"only.json", {"devices"}}, {"opencl", missing}});
  expectOnlyHost(onlyVulkan("/nowhere/libdriver.so"), {{"only.json", {}}, {"opencl", missing}});
  expectOnlyHost(onlyVulkan("libm.so.6"), {{"only.json", {}}, {"opencl", missing}});
}

TEST_F(Drivers, ADriverThatHangs) {
  std::vector<std::string> settings = onlyVulkan(fake("vulkan-fake-hang"));
  settings.push_back("TENON_PROBE_SECONDS=1");
  expectOnlyHost(settings, {{"only.json", {"the driver did not answer within 1 s"}}, {"opencl", missing}});
}

TEST_F(Drivers, ManifestsThatAreNone) {
  for (const char *text : {"", "{", "[]", "{\"ICD\": 3}", "{\"ICD\": {\"library_path\": 7}}", "\xff\xfe"}) {
    std::string manifest = folder.write("only.json", text);
    expectOnlyHost({"VK_ICD_FILENAMES=" + manifest, "VK_DRIVER_FILES=" + manifest, noOpencl},
                   {{"only.json", {}}, {"opencl", missing}});
  }
}

TEST_F(Drivers, WithoutAProbe) {
  // What cannot be asked is left out, not fallen into.
  expectOnlyHost({"TENON_PROBE=/nowhere/probe", "OCL_ICD_VENDORS=" + folder.write("only.icd", "libm.so.6\n"), noVulkan},
                 {{"only.icd", {"/nowhere/probe"}}, {"vulkan", missing}});
}
