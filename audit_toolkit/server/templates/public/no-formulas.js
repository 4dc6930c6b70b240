/* No page of ours holds formulas; the front end asks for this place all the same. */
