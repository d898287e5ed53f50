// Checks HAR files against the schemas of HAR 1.2, and prints how many entries each has.

const fs = require("fs");
const validate = require("har-validator");

(async () => {
  for (const path of process.argv.slice(2)) {
    const har = JSON.parse(fs.readFileSync(path, "utf8"));
    try {
      await validate.har(har);
    } catch (error) {
      console.error(path, JSON.stringify(error.errors, null, 1));
      process.exitCode = 1;
    }
    console.log(har.log.entries.length);
  }
})();
