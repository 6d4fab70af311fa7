// What every page gains where JavaScript runs. Nothing here is needed to use a page. What is kept on the
// device, and only by choice, says kept.js.
import { watchExit } from "./exit.js";
import { forgetAtTheWaysOut } from "./kept.js";
import { openDialogs } from "./dialogs.js";
import { mendForms } from "./forms.js";
import { localiseMoments } from "./moments.js";

watchExit(document);
forgetAtTheWaysOut(document);
openDialogs(document);
mendForms(document);
localiseMoments(document);
