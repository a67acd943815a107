import { useEffect, useState } from "preact/hooks";

/** As in panels.css. */
const NARROW = "(max-width: 899px)";

/** Whether there is no room for a panel beside the chat. */
export function useNarrow(): boolean {
  const [narrow, set] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const query = matchMedia(NARROW);
    const look = () => set(query.matches);
    query.addEventListener("change", look);
    return () => query.removeEventListener("change", look);
  }, []);
  return narrow;
}
