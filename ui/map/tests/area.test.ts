import assert from "node:assert/strict";
import { test } from "node:test";

import { formatArea, setAreaUnit, toHectares, unitName, whenUnitChanges } from "../src/area";

test("areas read as on the other pages, in the unit of the browser", () => {
  assert.deepEqual([0.416, 41.23, 250.44, 1250.4, null].map(formatArea), ["0.42 ha", "41.2 ha", "250.4 ha", "1,250 ha", "–"]);
  let told = 0;
  const unhear = whenUnitChanges(() => (told += 1));
  setAreaUnit("mu");
  setAreaUnit("mu");
  assert.equal(told, 1);
  assert.equal(formatArea(1), "15.0 mu");
  assert.equal(toHectares(30), 2);
  setAreaUnit("acre");
  assert.equal(formatArea(0.40468564224), "1.00 acres");
  unhear();
  setAreaUnit("nothing known" as "ha");
  assert.equal(told, 2);
  assert.equal(unitName(), "ha");
});
