// What every page gains where JavaScript runs. Nothing here is needed to use a page, and nothing is kept on the device.
import { watchExit } from "./exit.js";
import { openDialogs } from "./dialogs.js";
import { mendForms } from "./forms.js";
import { localiseMoments } from "./moments.js";

watchExit(document);
openDialogs(document);
mendForms(document);
localiseMoments(document);
