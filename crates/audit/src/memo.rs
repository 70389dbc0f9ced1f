//! What is worked out of a survey once, for all who ask for it: one value per type.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

type Value = Arc<dyn Any + Send + Sync>;

/// The values, by their type. Only for what follows from the survey alone.
#[derive(Default)]
pub struct Memo(Mutex<HashMap<TypeId, Arc<OnceLock<Value>>>>);

impl Memo {
    /// The value of this type, made at first use; who asks while it is made waits. Making it may ask for values of other types, but
    /// must not hand work to other threads: one of them may wait for this very value.
    pub fn of<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let slot = {
            let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            slots.entry(TypeId::of::<T>()).or_default().clone()
        };
        let value = slot.get_or_init(|| Arc::new(make())).clone();
        value.downcast().expect("the slot of a type holds a value of that type")
    }
}
